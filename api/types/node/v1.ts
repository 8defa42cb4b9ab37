/** Generated from the facts by `npm run generate`: not edited by hand. */

import type { Toleration } from '../core/v1.ts';
import type { ListMeta, ObjectMeta } from '../meta/v1.ts';
import type { Quantity } from '../runtime.ts';

export interface Overhead {
  podFixed?: Record<string, Quantity>;
}

export interface RuntimeClass {
  apiVersion?: string;
  handler: string;
  kind?: string;
  metadata?: ObjectMeta;
  overhead?: Overhead;
  scheduling?: Scheduling;
}

export interface RuntimeClassList {
  apiVersion?: string;
  items: RuntimeClass[];
  kind?: string;
  metadata?: ListMeta;
}

export interface Scheduling {
  nodeSelector?: Record<string, string>;
  tolerations?: Toleration[];
}
