/** How plugins look at other objects: from the cache, and from the store when the cache has never heard of them. */

import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { isNotFound } from '../../api/status-error.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Registries } from './registries.ts';

/** The object, or undefined: only the store can say that it is not there, the cache may be late. */
export async function findObject<T extends KubernetesObject>(
  registries: Registries,
  resource: Resource<T>,
  key: ObjectKey,
): Promise<DeepReadonly<Stored<T>> | undefined> {
  const registry = registries.of(resource);
  const cached = registry.cache.get(registry.storeKey(key));
  if (cached !== undefined) return cached.object as DeepReadonly<Stored<T>>;
  try {
    return (await registry.read(key)) as DeepReadonly<Stored<T>>;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** All objects of a cluster-scoped kind, as far as the cache knows. */
export async function allObjects<T extends KubernetesObject>(
  registries: Registries,
  resource: Resource<T>,
): Promise<DeepReadonly<Stored<T>>[]> {
  const { cache } = registries.of(resource);
  await cache.ready();
  return cache.list({}).items.map((item) => item.object as DeepReadonly<Stored<T>>);
}

/** The newest of those that an annotation marks as the default; ties by name. */
export async function findDefault<T extends KubernetesObject>(
  registries: Registries,
  resource: Resource<T>,
  annotation: string,
): Promise<string | undefined> {
  const marked = (await allObjects(registries, resource)).filter(
    ({ metadata }) => metadata.annotations?.[annotation] === 'true',
  );
  const [first] = marked.sort(
    (a, b) =>
      b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
      compareText(a.metadata.name, b.metadata.name),
  );
  return first?.metadata.name;
}
