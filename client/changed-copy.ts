/** What is read-only in a cache, to be written: a copy of an object with some fields replaced, or a part as it is. */

import type { KubernetesObject } from '../api/object.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Cached } from './object-cache.ts';

/** The cached object itself is never changed. */
export function changedCopy<T extends KubernetesObject>(object: Cached<T>, changes: DeepReadonly<Partial<T>>): T {
  return asSent<T>({ ...object, ...changes });
}

/** A part of a cached object in one that is sent: the client only reads it. */
export const sentAsIs = <T>(part: DeepReadonly<T>): T => asSent<T>(part);

// The types cannot say that what is read-only in a cache may be sent.
const asSent = <T>(value: unknown): T => value as T;
