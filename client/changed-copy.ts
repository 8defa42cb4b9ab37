/** A copy of an object from a cache with some fields replaced, to be written: the cached one itself is never changed. */

import type { KubernetesObject } from '../api/object.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Cached } from './object-cache.ts';

export function changedCopy<T extends KubernetesObject>(object: Cached<T>, changes: DeepReadonly<Partial<T>>): T {
  // The types cannot say that what is read-only in a cache may be sent.
  const copy: unknown = { ...object, ...changes };
  return copy as T;
}
