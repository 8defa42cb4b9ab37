/**
 * How long a Job waits before it makes pods in the place of failed ones: 10 s after the first failure in a row, twice as
 * long after each further one, ten minutes at most.
 */

export interface BackoffRecord {
  /** Failures since a pod of the Job succeeded. */
  readonly failures: number;
  /** Wall time in milliseconds of the last of them. */
  readonly lastFailureAt?: number;
}

export const noFailures: BackoffRecord = { failures: 0 };
const firstWaitMs = 10_000;
const longestWaitMs = 600_000;

/** The record after pods ended, at the given times. Pure. */
export function recordEnds(
  before: BackoffRecord,
  { succeeded, failed }: { readonly succeeded: readonly number[]; readonly failed: readonly number[] },
): BackoffRecord {
  if (succeeded.length === 0 && failed.length === 0) return before;
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...succeeded);
  const since = [...failed].sort((a, b) => a - b).filter((at) => at > lastSuccess);
  const lastFailureAt = since.at(-1);
  if (lastFailureAt === undefined) return succeeded.length > 0 ? noFailures : before;
  return { failures: (succeeded.length > 0 ? 0 : before.failures) + since.length, lastFailureAt };
}

/** Milliseconds until a pod may be made; 0: now. Pure. */
export function msUntilRetry({ failures, lastFailureAt }: BackoffRecord, now: number): number {
  if (failures === 0 || lastFailureAt === undefined) return 0;
  const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 30));
  // A failure that is to come is a matter of clocks: nobody waits longer than from now.
  return Math.max(0, Math.min(waitMs, lastFailureAt + waitMs - now));
}
