/** Which kind, object and part of it a resource request means, once the kinds have been asked. */

import type { Kind, KindSubresource } from '../../kinds/kind.ts';
import type { Registries } from './registries.ts';
import type { Registry } from './registry.ts';

export interface Target {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: KindSubresource | undefined;
}

/** One whose objects are in the store. */
export interface StoredTarget extends Target {
  readonly registry: Registry;
}

/** The same target, with its registry. */
export const storedTarget = (registries: Registries, { kind, namespace, name, subresource }: Target): StoredTarget => ({
  kind,
  registry: registries.of(kind),
  namespace,
  name,
  subresource,
});
