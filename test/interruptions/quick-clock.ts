/** Waits pass ten times as fast, so that what is looked at every 15 seconds is looked at soon; the time of the day can be set. */

import { type Clock, systemClock } from '../../base/clock.ts';

const speed = 10;
const hourMs = 3_600_000;

export class QuickClock implements Clock {
  #shiftMs = 0;

  now(): number {
    return systemClock.now() + this.#shiftMs;
  }

  /** With the same time of the day, and waits as long as they are: for whoever answers to the impatient. */
  readonly steady: Clock = { ...systemClock, now: () => this.now() };

  monotonic(): number {
    return systemClock.monotonic() * speed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms / speed, signal);
  }

  /** Sets the time of the day to just after the next full hour. */
  passHour(): void {
    const now = this.now();
    this.#shiftMs += (Math.floor(now / hourMs) + 1) * hourMs + 1_000 - now;
  }
}
