/**
 * What was written last of each object, until the cache shows it: deciding on what a status said before one's own last
 * write would count pods twice, or miss them.
 */

import type { KubernetesObject } from '../../../api/object.ts';
import type { Cached } from '../../../client/object-cache.ts';

interface Written<T extends KubernetesObject> {
  readonly latest: Cached<T>;
  /** Versions that came before it: a cache that shows one of them is behind. */
  readonly superseded: ReadonlySet<string>;
}

export class LatestWrites<T extends KubernetesObject> {
  /** By uid. */
  readonly #written = new Map<string, Written<T>>();

  /** The object as it is known best: that of the cache, unless that is older than what was written. */
  of(cached: Cached<T>): Cached<T> {
    const { uid, resourceVersion } = cached.metadata;
    const written = this.#written.get(uid);
    if (written?.superseded.has(resourceVersion)) return written.latest;
    this.#written.delete(uid);
    return cached;
  }

  /** `next` is what the server made of a write that was decided on `previous`. */
  note(previous: Cached<T>, next: Cached<T>): void {
    const { uid, resourceVersion } = previous.metadata;
    const superseded = new Set(this.#written.get(uid)?.superseded).add(resourceVersion);
    superseded.delete(next.metadata.resourceVersion);
    this.#written.set(uid, { latest: next, superseded });
  }

  forget(uid: string): void {
    this.#written.delete(uid);
  }
}
