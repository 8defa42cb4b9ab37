/** What the Job controller asks about one pod of a Job. Pure. */

import { podCondition } from '../../../api/pods.ts';
import { parseTime } from '../../../api/time.ts';
import type { Job } from '../../../api/types/batch/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';

/** On each pod of a Job until the Job's status has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const completionIndexLabel = 'batch.kubernetes.io/job-completion-index';
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailureCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

type JobView = DeepReadonly<Job>;
type PodView = Cached<Pod>;

export const isIndexed = ({ spec }: JobView): boolean => spec?.completionMode === 'Indexed';
export const hasLimitPerIndex = (job: JobView): boolean =>
  isIndexed(job) && typeof job.spec?.backoffLimitPerIndex === 'number';
export const isSuspended = ({ spec }: JobView): boolean => spec?.suspend === true;
/** Pods are replaced once they have failed, not when they begin to end. */
export const replacesFailedOnly = ({ spec }: JobView): boolean => spec?.podReplacementPolicy === 'Failed';

export const isTracked = ({ metadata }: PodView): boolean => metadata.finalizers?.includes(trackingFinalizer) ?? false;
export const isSucceeded = ({ status }: PodView): boolean => status?.phase === 'Succeeded';

/** Which conditions of a Job are true. */
export const hasCondition = ({ status }: JobView, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
/** Complete or Failed: nothing of it runs any more, and it is not touched again. */
export const isJobFinished = (job: JobView): boolean => hasCondition(job, 'Complete') || hasCondition(job, 'Failed');

/** Undefined: the pod has no index, or one that cannot be read. */
export function completionIndex({ metadata }: PodView): number | undefined {
  return readCount(metadata.annotations?.[completionIndexLabel]);
}

/** Its index is one that the Job has; pods of a Job without indexes need none. */
export function hasValidIndex(pod: PodView, job: JobView): boolean {
  const index = completionIndex(pod);
  return !isIndexed(job) || (index !== undefined && index < (job.spec?.completions ?? 0));
}

/** A pod that was deleted counts at once, unless the Job replaces failed pods only: it may never come to its end. */
export function isPodFailed({ metadata, status }: PodView, job: JobView): boolean {
  if (status?.phase === 'Failed') return true;
  if (replacesFailedOnly(job)) return false;
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
}

/** Failures of the pod's index before it: those that count against the limit, and those that a policy ignores. */
export function failuresBefore({ metadata }: PodView): { readonly counted: number; readonly ignored: number } {
  return {
    counted: readCount(metadata.annotations?.[failureCountAnnotation]) ?? 0,
    ignored: readCount(metadata.annotations?.[ignoredFailureCountAnnotation]) ?? 0,
  };
}

/** When its last container ended; where nobody has told, since when it is not ready, is being deleted, or is there. */
export function finishedAt(pod: PodView, now: number): number {
  const { metadata, status } = pod;
  const ends = (status?.containerStatuses ?? []).map(({ state }) => parseTime(state?.terminated?.finishedAt));
  const known = ends.filter((end) => end !== undefined);
  if (ends.length > 0 && known.length === ends.length) return Math.max(...known);
  const unready = podCondition(pod, 'Ready');
  const unreadySince = unready?.status === 'False' ? parseTime(unready.lastTransitionTime) : undefined;
  const graceMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  const deletion = parseTime(metadata.deletionTimestamp);
  const deletedAt = deletion === undefined ? undefined : Math.min(now, deletion - graceMs);
  // Never now: what is waited for from there would never come.
  return unreadySince ?? deletedAt ?? parseTime(metadata.creationTimestamp) ?? now;
}

const readCount = (text: string | undefined): number | undefined =>
  text !== undefined && /^\+?\d{1,10}$/.test(text) ? Number(text) : undefined;
