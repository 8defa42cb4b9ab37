/** Exponential back-off with jitter: how long to wait before attempt n. Pure. */

export interface BackoffOptions {
  /** Wait before the second attempt. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Share of the wait that is random, 0 to 1. Default 0.2: many clients do not come back in the same instant. */
  readonly jitter?: number;
}

/** Milliseconds to wait after `failures` failures in a row (1 or more). */
export function computeBackoffMs(
  failures: number,
  options: BackoffOptions,
  random: () => number = Math.random,
): number {
  const { baseMs, maxMs, jitter = 0.2 } = options;
  const exponential = Math.min(maxMs, baseMs * 2 ** Math.max(0, failures - 1));
  return exponential * (1 - jitter * random());
}
