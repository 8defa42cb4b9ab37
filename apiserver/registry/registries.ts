/**
 * The registry of each kind there is, and the resource caches under them: kinds that are two versions of one share a
 * cache. Kinds come and go, and their registries with them.
 */

import type { KubernetesObject, ObjectKey } from '../../api/object.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Clock } from '../../base/clock.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import { isStored } from '../../kinds/served-by.ts';
import type { CachedResource, CacheName, Interest, ResourceCaches } from '../store/resource-cache.ts';
import type { Store } from '../store/store.ts';
import type { AdmissionChain } from './admission.ts';
import type { Allocator } from './allocator.ts';
import { convertEntries } from './converted-entries.ts';
import { asFound, type Found, type ObjectReader } from './object-reader.ts';
import { Registry } from './registry.ts';
import { storePrefix } from './storage-format.ts';
import { isNothingStored, storedKeys } from './stored-objects.ts';

export interface RegistriesParts {
  readonly kinds: Kinds;
  readonly store: Store;
  readonly caches: ResourceCaches;
  /** Plugins look at other objects than the one that is written. */
  readonly admission: (objects: ObjectReader) => AdmissionChain;
  readonly clock: Clock;
  /** By `group/plural`. */
  readonly allocators: ReadonlyMap<string, Allocator>;
}

export const resourceId = ({ group, plural }: Pick<Resource, 'group' | 'plural'>): string => `${group}/${plural}`;

/** Watchers of these are found by a field. */
const indexedFields: Readonly<Record<string, string>> = { '/pods': 'spec.nodeName' };

export interface StoredObjects {
  keys(): AsyncGenerator<ObjectKey>;
  isEmpty(): Promise<boolean>;
  readonly delete: Registry['delete'];
}

export class Registries implements ObjectReader {
  readonly admission: AdmissionChain;
  readonly #parts: RegistriesParts;
  /** By identity or kind: whoever asks holds one of the two. */
  readonly #registries = new Map<Resource, Registry>();

  constructor(parts: RegistriesParts) {
    this.#parts = parts;
    this.admission = parts.admission(this);
  }

  /** Opens the caches that stay open: of every kind that is stored, and of those that come until the answer is called. */
  openAll(): () => void {
    const { kinds } = this.#parts;
    for (const kind of kinds.all()) this.#openIfStored(kind);
    return kinds.onChange((change) => {
      if (change.type === 'replaced') this.#forget(change.previous);
      else if (change.type === 'added') this.#openIfStored(change.kind);
      else this.#close(change.kind);
    });
  }

  async find<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): Promise<Found<T> | undefined> {
    const found = await this.of(resource).find(key);
    return found && asFound<T>(found);
  }

  async all<T extends KubernetesObject>(resource: Resource<T>, interest: Interest = {}): Promise<readonly Found<T>[]> {
    const { cache } = this.of(resource);
    await cache.ready();
    return cache.list(interest).items.map(({ object }) => asFound<T>(object));
  }

  /** Throws for what is no kind (any more). */
  of(resource: Resource): Registry {
    let registry = this.#registries.get(resource);
    if (registry === undefined) {
      const kind = this.#parts.kinds.find(resource);
      if (kind === undefined) throw new Error(`No kind is registered for ${apiVersionOf(resource)} ${resource.plural}`);
      registry = this.#registries.get(kind) ?? this.#open(kind);
      this.#registries.set(resource, registry);
    }
    return registry;
  }

  /** All there is of a kind that nobody need serve, from the store itself. */
  stored(kind: Kind): StoredObjects {
    const { store } = this.#parts;
    const registry = this.#ofStored(kind);
    return {
      keys: () => storedKeys(store, kind),
      isEmpty: () => isNothingStored(store, kind),
      delete: (...asked) => registry.delete(...asked),
    };
  }

  #ofStored(kind: Kind): Registry {
    const { store, clock } = this.#parts;
    const openCache = () => {
      throw new Error(`Nobody reads ${kind.plural} from memory`);
    };
    return new Registry(kind, { store, admission: this.admission, clock, openCache, findCache: () => undefined });
  }

  #openIfStored(kind: Kind): void {
    if (isStored(kind)) this.of(kind);
  }

  #close(kind: Kind): void {
    this.#forget(kind);
    const { prefix, form } = cacheNameOf(kind);
    const isShared = [...this.#registries.values()].some((registry) => {
      const other = cacheNameOf(registry.kind);
      return other.prefix === prefix && other.form === form;
    });
    if (!isShared) this.#parts.caches.close({ prefix, form });
  }

  #forget(kind: Kind): void {
    for (const [resource, registry] of this.#registries) {
      if (registry.kind === kind) this.#registries.delete(resource);
    }
  }

  #open(kind: Kind): Registry {
    const { store, caches, clock, allocators } = this.#parts;
    const resource = cachedResourceOf(kind);
    const kept = resource.onDemand ? undefined : caches.open(resource);
    const registry = new Registry(kind, {
      store,
      admission: this.admission,
      clock,
      openCache: () => kept ?? caches.open(resource),
      findCache: () => kept ?? caches.find(resource),
      allocator: allocators.get(resourceId(kind)),
    });
    this.#registries.set(kind, registry);
    return registry;
  }
}

function cachedResourceOf(kind: Kind): CachedResource {
  const { namespaced, conversion } = kind;
  return {
    ...cacheNameOf(kind),
    namespaced,
    fieldsOf: (object) => Object.fromEntries(kind.selectableFields.map((field) => [field.name, field.value(object)])),
    indexedField: indexedFields[resourceId(kind)],
    ...(conversion && { convert: (entries) => convertEntries(entries, conversion), onDemand: true }),
  };
}

/** Kinds that lie in one place and are read alike share a cache. */
const cacheNameOf = (kind: Kind): CacheName => ({
  prefix: prefixOf(kind),
  form: kind.conversion && kind.version,
});

/** Where the objects lie, whichever of its versions a kind is. */
export const prefixOf = ({ group, plural, storedAs }: Kind): string =>
  storePrefix({ group: storedAs?.group ?? group, plural });
