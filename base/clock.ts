/** Time as the rest of the code sees it: passed in through constructors, so that tests decide what time it is. */

import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Wall time in milliseconds since 1970. May jump; only for what people read. */
  now(): number;
  /** Milliseconds that never jump or run backwards. For time-outs, liveness, back-off. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts: callers look at the signal, there is nothing to catch. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
