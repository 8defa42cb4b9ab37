/**
 * Objects as they are after our own writes, until the cache shows something newer than what they were made from. One
 * decision after the other then builds on what was written, and not on what the cache still remembers.
 */

import { type KubernetesObject, keyOf } from '../../api/object.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';

interface Written<T extends KubernetesObject> {
  /** The versions that the cache may show and be behind. */
  readonly behind: ReadonlySet<string>;
  readonly object: Cached<T>;
}

export class LatestWritten<T extends KubernetesObject> {
  readonly #cache: Pick<ObjectCache<T>, 'get'>;
  readonly #written = new Map<string, Written<T>>();

  constructor(cache: Pick<ObjectCache<T>, 'get'>) {
    this.#cache = cache;
  }

  get(key: string): Cached<T> | undefined {
    const cached = this.#cache.get(key);
    return cached === undefined ? this.#forget(key) : this.latest(cached);
  }

  /** The same object, as new as is known. */
  latest(cached: Cached<T>): Cached<T> {
    const key = keyOf(cached);
    const written = this.#written.get(key);
    if (written === undefined) return cached;
    if (written.behind.has(cached.metadata.resourceVersion)) return written.object;
    this.#forget(key);
    return cached;
  }

  /** `next` was made from `previous`. */
  note(previous: Cached<T>, next: Cached<T>): void {
    const key = keyOf(next);
    const earlier = this.#written.get(key)?.behind ?? [];
    this.#written.set(key, { behind: new Set([...earlier, previous.metadata.resourceVersion]), object: next });
  }

  #forget(key: string): undefined {
    this.#written.delete(key);
  }
}
