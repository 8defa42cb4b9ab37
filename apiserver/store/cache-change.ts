/** One change of one object, and how it looks to a watcher. What watchers are told is made once and shared by all. */

import type { CachedVersion } from './cached-version.ts';
import { isOfInterest } from './interest.ts';
import type { CacheEvent, Interest } from './resource-cache.ts';

export class CacheChange {
  readonly key: string;
  readonly revision: number;
  readonly before: CachedVersion | undefined;
  readonly after: CachedVersion | undefined;
  #added: CacheEvent | undefined;
  #modified: CacheEvent | undefined;
  #deleted: CacheEvent | undefined;

  constructor(change: Pick<CacheChange, 'key' | 'revision' | 'before' | 'after'>) {
    this.key = change.key;
    this.revision = change.revision;
    this.before = change.before;
    this.after = change.after;
  }

  /** What the history holds because of this change. */
  get bytes(): number {
    return this.after?.bytes.length ?? this.before?.bytes.length ?? 0;
  }

  /** An object that comes to match is ADDED, one that matches no more DELETED; undefined: nothing to tell. */
  eventFor(interest: Interest): CacheEvent | undefined {
    const { before, after } = this;
    const was = before !== undefined && isOfInterest(before, interest);
    const is = after !== undefined && isOfInterest(after, interest);
    if (is && after) {
      if (was) {
        this.#modified ??= { type: 'MODIFIED', item: after };
        return this.#modified;
      }
      this.#added ??= { type: 'ADDED', item: after };
      return this.#added;
    }
    if (!was || !before) return undefined;
    this.#deleted ??= { type: 'DELETED', item: before.at(this.revision) };
    return this.#deleted;
  }
}
