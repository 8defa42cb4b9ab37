/**
 * How long to wait for something that shows how far it is. Only standing still uses patience up: whatever moves is
 * waited for, however slow the machine. And a machine that is too busy to look counts slower, since what is waited for
 * is as starved as the one who waits.
 */

import type { Clock } from './clock.ts';

export interface PatienceOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How long the state may stay the same. */
  readonly limitMs: number;
}

/** The most that the time between two looks counts. */
const longestLookMs = 1_000;

export class Patience {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limitMs: number;
  #state: string | undefined;
  #lookedAt = 0;
  #quietMs = 0;

  constructor({ clock, limitMs }: PatienceOptions) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Called at every look with what was seen: whether that has stayed the same for too long. */
  isOver(state: string): boolean {
    const now = this.#clock.monotonic();
    this.#quietMs = state === this.#state ? this.#quietMs + Math.min(now - this.#lookedAt, longestLookMs) : 0;
    this.#state = state;
    this.#lookedAt = now;
    return this.#quietMs >= this.#limitMs;
  }
}
