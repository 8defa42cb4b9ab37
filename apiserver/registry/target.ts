/** Which kind, object and part of it a resource request means, once the kinds table has been asked. */

import type { Subresource } from '../../api/resource.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Registry } from './registry.ts';

export interface Target {
  readonly kind: Kind;
  readonly registry: Registry;
  readonly namespace: string | undefined;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: Subresource | undefined;
}
