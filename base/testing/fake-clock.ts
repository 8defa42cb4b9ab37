/** A clock that moves only when a test says so. */

import type { Clock } from '../clock.ts';

interface Sleeper {
  until: number;
  wake: () => void;
}

export class FakeClock implements Clock {
  #elapsed = 0;
  #sleepers: Sleeper[] = [];
  readonly #start: number;

  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#start = start;
  }

  /** Whole milliseconds, as of the real one. */
  now(): number {
    return Math.floor(this.#start + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { until: this.#elapsed + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** How many callers are asleep: a test waits for them before it moves the time. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves time forward and wakes, in order, everyone whose time has come. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    for (;;) {
      const next = this.#sleepers.filter((s) => s.until <= end).sort((a, b) => a.until - b.until)[0];
      if (next === undefined) break;
      this.#elapsed = Math.max(this.#elapsed, next.until);
      this.#sleepers = this.#sleepers.filter((s) => s !== next);
      next.wake();
      await new Promise(setImmediate);
    }
    this.#elapsed = end;
  }
}
