/**
 * Writes that a controller made and has not yet seen in its cache. While a key has some, its cache is known to be
 * stale, and acting on it would make or delete twice.
 *
 * Invariants:
 * - What is expected is noted before the request is sent: the informer may be faster than the answer.
 * - A request that failed for certain is taken back by `observed…`, as if it had been seen.
 * - What was never seen for `timeoutMs` is forgotten: rather act once more than never again.
 */

import type { Clock } from '../base/clock.ts';

interface Expected {
  creations: number;
  /** Keys or uids of objects whose deletion was asked for. */
  readonly deletions: Set<string>;
  readonly since: number;
}

const defaultTimeoutMs = 300_000;

export class Expectations {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock, timeoutMs = defaultTimeoutMs) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** True when all that was expected of `key` has been seen, or is too old to be waited for. */
  fulfilled(key: string): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined) return true;
    const open = expected.creations > 0 || expected.deletions.size > 0;
    if (open && this.#clock.monotonic() - expected.since < this.#timeoutMs) return false;
    this.#expected.delete(key);
    return true;
  }

  expectCreations(key: string, count: number): void {
    this.#of(key).creations += count;
  }

  expectDeletions(key: string, uids: Iterable<string>): void {
    const { deletions } = this.#of(key);
    for (const uid of uids) deletions.add(uid);
  }

  /** The cache shows a new object of `key`, or its creation failed for certain. */
  observedCreation(key: string): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined && expected.creations > 0) expected.creations -= 1;
  }

  /** The cache shows that the object is gone or going, or its deletion failed for certain. */
  observedDeletion(key: string, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid);
  }

  /** The owner is gone: nothing is expected any more. */
  forget(key: string): void {
    this.#expected.delete(key);
  }

  #of(key: string): Expected {
    let expected = this.#expected.get(key);
    if (expected === undefined) {
      expected = { creations: 0, deletions: new Set(), since: this.#clock.monotonic() };
      this.#expected.set(key, expected);
    }
    return expected;
  }
}
