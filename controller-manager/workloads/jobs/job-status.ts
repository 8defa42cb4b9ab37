/** The status of a Job while the controller works on it, and as it is written. Pure. */

import { formatTime } from '../../../api/time.ts';
import type { Job, JobCondition, JobStatus } from '../../../api/types/batch/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { JobEnd } from './job-plan.ts';
import { uncountedOf } from './job-view.ts';

export interface JobDraft {
  readonly startTime?: string | undefined;
  readonly completionTime?: string | undefined;
  readonly conditions: readonly JobCondition[];
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: string;
  /** Undefined where indexes have no limits of their own. */
  readonly failedIndexes?: string | undefined;
  /** Uids of pods that have ended, and are in no count before their finalizer is gone. */
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
}

export function draftOf(job: Cached<Job>): JobDraft {
  const { status = {} } = job;
  return {
    startTime: status.startTime ?? undefined,
    completionTime: status.completionTime ?? undefined,
    conditions: (status.conditions ?? []).map((condition) => ({ ...condition })),
    active: status.active ?? 0,
    ready: status.ready ?? 0,
    terminating: status.terminating ?? 0,
    succeeded: status.succeeded ?? 0,
    failed: status.failed ?? 0,
    completedIndexes: status.completedIndexes ?? '',
    failedIndexes: status.failedIndexes ?? undefined,
    uncounted: uncountedOf(job),
  };
}

/** Counts of 0 are left out as upstream leaves them out. */
export function statusOf(draft: JobDraft): JobStatus {
  const { conditions, startTime, completionTime, completedIndexes, failedIndexes, uncounted } = draft;
  return {
    ...(conditions.length > 0 && { conditions: [...conditions] }),
    ...(startTime !== undefined && { startTime }),
    ...(completionTime !== undefined && { completionTime }),
    ...(draft.active > 0 && { active: draft.active }),
    ...(draft.succeeded > 0 && { succeeded: draft.succeeded }),
    ...(draft.failed > 0 && { failed: draft.failed }),
    terminating: draft.terminating,
    ...(completedIndexes !== '' && { completedIndexes }),
    ...(failedIndexes !== undefined && { failedIndexes }),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 && { succeeded: [...uncounted.succeeded] }),
      ...(uncounted.failed.length > 0 && { failed: [...uncounted.failed] }),
    },
    ready: draft.ready,
  };
}

/** The conditions with this one as said; the same list when it was so already. */
export function withCondition(
  conditions: readonly JobCondition[],
  { type, status, reason, message }: Pick<JobCondition, 'type' | 'status' | 'reason' | 'message'>,
  now: number,
): readonly JobCondition[] {
  const before = conditions.find((condition) => condition.type === type);
  // From nothing to False is no change.
  if (before === undefined && status === 'False') return conditions;
  if (before?.status === status && before.reason === reason && before.message === message) return conditions;
  const time = formatTime(now);
  const next: JobCondition = {
    type,
    status,
    lastProbeTime: time,
    lastTransitionTime: time,
    ...(reason && { reason }),
    ...(message && { message }),
  };
  return before === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === before ? next : condition));
}

/** That the Job will have ended, told before the first pod of it is let go. */
export function withEndToCome(draft: JobDraft, { condition, reason, message }: JobEnd, now: number): JobDraft {
  if (draft.conditions.some(({ type, status }) => type === condition && status === 'True')) return draft;
  return {
    ...draft,
    conditions: withCondition(draft.conditions, { type: condition, status: 'True', reason, message }, now),
  };
}

/** That the Job has ended, once all that it had is counted and gone; undefined: not yet. */
export function withEnd(draft: JobDraft, { condition, reason, message }: JobEnd, now: number): JobDraft | undefined {
  const { uncounted, terminating } = draft;
  if (uncounted.succeeded.length + uncounted.failed.length + terminating > 0) return undefined;
  const type = condition === 'FailureTarget' ? 'Failed' : 'Complete';
  return {
    ...draft,
    conditions: withCondition(draft.conditions, { type, status: 'True', reason, message }, now),
    ...(type === 'Complete' && { completionTime: formatTime(now) }),
  };
}

/** Counts those whose finalizer is gone. */
export function countReleased(draft: JobDraft, tracked: ReadonlySet<string>): JobDraft {
  const succeeded = draft.uncounted.succeeded.filter((uid) => tracked.has(uid));
  const failed = draft.uncounted.failed.filter((uid) => tracked.has(uid));
  return {
    ...draft,
    succeeded: draft.succeeded + draft.uncounted.succeeded.length - succeeded.length,
    failed: draft.failed + draft.uncounted.failed.length - failed.length,
    uncounted: { succeeded, failed },
  };
}
