/** Those who wait until a revision is reached. */

import { type Clock, systemClock } from '../../base/clock.ts';
import { createDeferred } from '../../base/deferred.ts';
import { CacheBehindError } from './resource-cache.ts';

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

export class RevisionWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #revision = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  get revision(): number {
    return this.#revision;
  }

  /** May go back: then whoever waits goes on waiting. */
  reach(revision: number): void {
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Whether `revision` was reached within `timeoutMs`. */
  async isReachedWithin(revision: number, timeoutMs: number): Promise<boolean> {
    if (revision <= this.#revision) return true;
    const reached = createDeferred<void>();
    const waiter: Waiter = { revision, resolve: () => reached.resolve() };
    this.#waiters.add(waiter);
    const waiting = new AbortController();
    const isReached = reached.promise.then(() => true);
    const isLate = this.#clock.sleep(timeoutMs, waiting.signal).then(() => false);
    try {
      return await Promise.race([isReached, isLate]);
    } finally {
      waiting.abort();
      this.#waiters.delete(waiter);
    }
  }

  /** Throws `CacheBehindError` after `timeoutMs`. */
  async waitFor(revision: number, timeoutMs: number): Promise<void> {
    if (revision <= this.#revision) return;
    if (!(await this.isReachedWithin(revision, timeoutMs))) throw new CacheBehindError(revision, this.#revision);
  }
}
