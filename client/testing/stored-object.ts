/** Objects and caches for tests: as the API server would answer them, with only what the test is about written out. */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { IndexedCache } from '../indexed-cache.ts';
import type { Cached, Indexer } from '../object-cache.ts';

type Contents<T extends KubernetesObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly metadata: ObjectMeta & { readonly name: string };
};

/** Uid = name; made at the start of 2030, version 1, in the namespace `default` where the resource has namespaces. */
export function storedObject<T extends KubernetesObject>(resource: Resource<T>, contents: Contents<T>): Stored<T> {
  const { metadata } = contents;
  const stored: unknown = {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    ...contents,
    metadata: {
      ...(resource.namespaced && { namespace: 'default' }),
      uid: metadata.name,
      resourceVersion: '1',
      creationTimestamp: '2030-01-01T00:00:00Z',
      ...metadata,
    },
  };
  return stored as Stored<T>;
}

/** What an informer would hold. */
export function cacheOf<T extends KubernetesObject>(
  objects: Iterable<Cached<T>>,
  indexers: Readonly<Record<string, Indexer<T>>> = {},
): IndexedCache<T> {
  const cache = new IndexedCache<T>(indexers);
  cache.replace(objects);
  return cache;
}
