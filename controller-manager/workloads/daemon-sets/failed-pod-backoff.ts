/**
 * How long a failed daemon pod is left before it is replaced: each time twice as long, so that a set and a kubelet that
 * refuses its pods do not keep each other busy. Measured on the monotonic clock.
 */

import type { Clock } from '../../../base/clock.ts';

const firstMs = 1_000;
const longestMs = 900_000;
/** After so long without a failure it begins again with the shortest wait. */
const forgottenMs = 2 * longestMs;

interface Wait {
  readonly since: number;
  readonly ms: number;
}

export class FailedPodBackoff {
  readonly #clock: Clock;
  readonly #waits = new Map<string, Wait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until a failed pod of `key` may be replaced: 0, and then the next one has to wait longer. */
  take(key: string): number {
    const now = this.#clock.monotonic();
    this.#forgetOld(now);
    const wait = this.#waits.get(key);
    if (wait !== undefined && now - wait.since < wait.ms) return wait.since + wait.ms - now;
    this.#waits.delete(key);
    this.#waits.set(key, { since: now, ms: wait === undefined ? firstMs : Math.min(longestMs, wait.ms * 2) });
    return 0;
  }

  /** The oldest come first. */
  #forgetOld(now: number): void {
    for (const [key, { since }] of this.#waits) {
      if (now - since < forgottenMs) return;
      this.#waits.delete(key);
    }
  }
}
