/**
 * The feed of a cache whose changes are converted before it gets them: as far as the source has come, except while a
 * conversion takes its time; then it is held where it was before that change.
 */

import type { Clock } from '../../base/clock.ts';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import { RevisionWaiters } from './revision-waiters.ts';
import type { CacheFeed } from './watch-cache.ts';

export class ConvertedFeed implements CacheFeed {
  readonly #source: CacheFeed;
  readonly #clock: Clock;
  readonly #reached: RevisionWaiters;
  #isHeld = false;
  #failure: Deferred<never> = unheard();

  constructor(source: CacheFeed, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#reached = new RevisionWaiters(clock);
  }

  get revision(): number {
    return this.#isHeld ? this.#reached.revision : this.#source.revision;
  }

  get compactedRevision(): number {
    return this.#source.compactedRevision;
  }

  /** Until `release`, nothing after `revision` is known here. Called again, it has come further. */
  hold(revision: number): void {
    this.#isHeld = true;
    this.#reached.reach(revision);
  }

  release(): void {
    this.#isHeld = false;
    this.#reached.reach(this.#source.revision);
  }

  /** Whoever waits for what is being converted is told why it is not. */
  fail(error: unknown): void {
    const { reject } = this.#failure;
    this.#failure = unheard();
    reject(error);
  }

  async waitFor(revision: number, timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    await this.#source.waitFor(revision, timeoutMs);
    await this.#untilConverted(revision, deadline);
  }

  async waitUntilConsistent(timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    await this.#source.waitUntilConsistent(timeoutMs);
    await this.#untilConverted(this.#source.revision, deadline);
  }

  async #untilConverted(revision: number, deadline: number): Promise<void> {
    if (this.revision >= revision) return;
    const left = Math.max(0, deadline - this.#clock.monotonic());
    await Promise.race([this.#reached.waitFor(revision, left), this.#failure.promise]);
  }
}

/** Most often nobody waits. */
function unheard(): Deferred<never> {
  const deferred = createDeferred<never>();
  deferred.promise.catch(() => {});
  return deferred;
}
