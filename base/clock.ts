/** Time as the rest of the code sees it: passed in through constructors, so that tests decide what time it is. */

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
  // Not that of node:timers/promises, whose end by a signal is an error with a stack: kubelets sleep and wake all the time.
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end, { once: true });
    });
  },
};
