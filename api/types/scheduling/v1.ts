/** Generated from the facts by `npm run generate`: not edited by hand. */

import type { ListMeta, ObjectMeta } from '../meta/v1.ts';

export interface PriorityClass {
  apiVersion?: string;
  description?: string;
  globalDefault?: boolean;
  kind?: string;
  metadata?: ObjectMeta;
  preemptionPolicy?: string;
  value?: number;
}

export interface PriorityClassList {
  apiVersion?: string;
  items: PriorityClass[];
  kind?: string;
  metadata?: ListMeta;
}
