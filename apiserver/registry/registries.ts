/** The registry of each kind, and the resource caches under them: kinds that are two versions of one share a cache. */

import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Clock } from '../../base/clock.ts';
import type { Kind } from '../../kinds/kind.ts';
import { findKind, kinds } from '../../kinds/kind-table.ts';
import type { ResourceCache, ResourceCaches } from '../store/resource-cache.ts';
import type { Store } from '../store/store.ts';
import type { AdmissionChain } from './admission.ts';
import { Registry } from './registry.ts';
import { storePrefix } from './storage-format.ts';
import type { StorageHooks } from './storage-hooks.ts';

export interface RegistriesParts {
  readonly store: Store;
  readonly caches: ResourceCaches;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  /** By `group/plural`. */
  readonly hooks: ReadonlyMap<string, StorageHooks>;
}

export const resourceId = ({ group, plural }: Pick<Resource, 'group' | 'plural'>): string => `${group}/${plural}`;

/** Watchers of these are found by a field. */
const indexedFields: Readonly<Record<string, string>> = { '/pods': 'spec.nodeName' };

export class Registries {
  readonly #parts: RegistriesParts;
  /** By identity or kind: whoever asks holds one of the two. */
  readonly #registries = new Map<Resource, Registry>();

  constructor(parts: RegistriesParts) {
    this.#parts = parts;
  }

  /** Opens the cache of every kind that is stored. */
  openAll(): void {
    for (const kind of kinds) if (kind.verbs.includes('get')) this.of(kind);
  }

  of(resource: Resource): Registry {
    let registry = this.#registries.get(resource);
    if (registry === undefined) {
      const kind = findKind(resource);
      if (kind === undefined) throw new Error(`No kind is registered for ${apiVersionOf(resource)} ${resource.plural}`);
      registry = this.#registries.get(kind) ?? this.#open(kind);
      this.#registries.set(resource, registry);
    }
    return registry;
  }

  #open(kind: Kind): Registry {
    const { store, admission, clock, hooks } = this.#parts;
    const registry = new Registry(kind, {
      store,
      admission,
      clock,
      cache: this.#openCache(kind),
      hooks: hooks.get(resourceId(kind)),
    });
    this.#registries.set(kind, registry);
    return registry;
  }

  #openCache(kind: Kind): ResourceCache {
    const { group, plural, namespaced, storedAs, selectableFields } = kind;
    return this.#parts.caches.open({
      prefix: storePrefix({ group: storedAs?.group ?? group, plural }),
      namespaced,
      fieldsOf: (object) =>
        Object.fromEntries(
          selectableFields.map((field) => [field.name, field.value(object as Parameters<typeof field.value>[0])]),
        ),
      indexedField: indexedFields[resourceId(kind)],
    });
  }
}
