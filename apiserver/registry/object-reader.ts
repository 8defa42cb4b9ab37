/** CONTRACT: how the server looks at objects for its own purposes (admission, authentication, streams): by cache and store. */

import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Interest } from '../store/resource-cache.ts';

export type Found<T extends KubernetesObject> = DeepReadonly<Stored<T>>;

/** What the cache or the store holds for a resource are objects of that resource: the types end at the store. */
export function asFound<T extends KubernetesObject>(object: DeepReadonly<Stored>): Found<T> {
  // As said above: whoever calls this has asked for objects of T.
  return object as Found<T>;
}

export interface ObjectReader {
  /** From the cache; undefined only once the store has said that there is none: the cache may be late. */
  find<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): Promise<Found<T> | undefined>;

  /** All that are of interest, as far as the cache knows once it has been filled. Default: every one. */
  all<T extends KubernetesObject>(resource: Resource<T>, interest?: Interest): Promise<readonly Found<T>[]>;
}
