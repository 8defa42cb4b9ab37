/**
 * The last changes of a resource, oldest first: what a watch from a revision starts with, and what takes a list back
 * to a revision. Bounded by number, by bytes and by age; a few are kept however old they are.
 */

import type { CacheChange } from './cache-change.ts';

export interface HistoryLimits {
  readonly maxChanges: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** So many are kept however old they are. */
  readonly minChanges: number;
}

export const defaultHistoryLimits: HistoryLimits = {
  maxChanges: 20_000,
  maxBytes: 32 * 1024 * 1024,
  maxAgeMs: 5 * 60_000,
  minChanges: 100,
};

interface Dated {
  readonly change: CacheChange;
  readonly time: number;
}

export class CacheHistory {
  readonly #limits: HistoryLimits;
  /** Live from `#head` on; what lies before is dropped now and then. */
  #changes: Dated[] = [];
  #head = 0;
  #bytes = 0;
  #knownSince: number;

  /** All changes after `revision` will be added. */
  constructor(revision: number, limits: HistoryLimits = defaultHistoryLimits) {
    this.#knownSince = revision;
    this.#limits = limits;
  }

  /** Every change after this revision is here. */
  get knownSince(): number {
    return this.#knownSince;
  }

  get size(): number {
    return this.#changes.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `time` is monotonic, in milliseconds. */
  add(change: CacheChange, time: number): void {
    this.#changes.push({ change, time });
    this.#bytes += change.bytes;
    while (this.#isOverLimit(time)) this.#dropOldest();
    if (this.#head > 1_000 && this.#head > this.#changes.length / 2) {
      this.#changes = this.#changes.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The changes after `revision`, which must not be before `knownSince`; oldest first. */
  *after(revision: number): Generator<CacheChange> {
    for (let index = this.#firstAfter(revision); index < this.#changes.length; index += 1) {
      const dated = this.#changes[index];
      if (dated) yield dated.change;
    }
  }

  #isOverLimit(now: number): boolean {
    const { maxChanges, maxBytes, maxAgeMs, minChanges } = this.#limits;
    if (this.size > maxChanges || (this.#bytes > maxBytes && this.size > 1)) return true;
    const oldest = this.#changes[this.#head];
    return this.size > minChanges && oldest !== undefined && now - oldest.time > maxAgeMs;
  }

  #dropOldest(): void {
    const oldest = this.#changes[this.#head];
    if (oldest === undefined) return;
    this.#bytes -= oldest.change.bytes;
    this.#knownSince = oldest.change.revision;
    delete this.#changes[this.#head];
    this.#head += 1;
  }

  #firstAfter(revision: number): number {
    let low = this.#head;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.change.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
