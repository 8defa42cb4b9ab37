/** What the Job controller sees of a Job and its pods at one moment, counted. Pure. */

import { isPodActive, isPodFinished, isPodReady, isPodTerminating } from '../../../api/pods.ts';
import type { Job, UncountedTerminatedPods } from '../../../api/types/batch/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { IndexSet } from './index-set.ts';
import {
  completionIndex,
  failuresBefore,
  finishedAt,
  hasLimitPerIndex,
  hasValidIndex,
  isIndexed,
  isPodFailed,
  isSucceeded,
  isTracked,
} from './job-pods.ts';
import { judgeFailure } from './job-policies.ts';

export interface JobObservation {
  readonly job: Cached<Job>;
  /** All that the Job controls. */
  readonly pods: readonly Cached<Pod>[];
  /** Uids of pods that have lost their finalizer, whatever the cache says. */
  readonly untracked: ReadonlySet<string>;
  readonly now: number;
}

export interface JobView extends JobObservation {
  readonly active: readonly Cached<Pod>[];
  readonly ready: number;
  readonly terminating: number;
  /** Pods that ended and are in no count yet. */
  readonly newSucceeded: readonly Cached<Pod>[];
  readonly newFailed: readonly Cached<Pod>[];
  /** With those that the status has not counted yet. */
  readonly succeeded: number;
  readonly failed: number;
  /** As the status has them, and with what has succeeded since; both empty where there are no indexes. */
  readonly knownSucceededIndexes: IndexSet;
  readonly succeededIndexes: IndexSet;
  /** Where indexes have limits of their own: those that have failed for good. */
  readonly failedIndexes: IndexSet | undefined;
  /** By index: the failed pod that stays tracked until there is one in its place, which then knows of the failures. */
  readonly awaitingReplacement: ReadonlyMap<number, Cached<Pod>>;
}

/** It has its finalizer still: it is in no count of the status. */
export const isUncounted = (pod: Cached<Pod>, { untracked }: Pick<JobObservation, 'untracked'>): boolean =>
  isTracked(pod) && !untracked.has(pod.metadata.uid);

export function viewJob(observed: JobObservation): JobView {
  const { job, pods } = observed;
  const active = pods.filter(isPodActive);
  const uncounted = uncountedOf(job);
  const news = pods.filter((pod) => isUncounted(pod, observed) && hasValidIndex(pod, job));
  const newSucceeded = news.filter((pod) => isSucceeded(pod) && !uncounted.succeeded.includes(pod.metadata.uid));
  const newFailed = news.filter((pod) => isPodFailed(pod, job) && !uncounted.failed.includes(pod.metadata.uid));
  const counts = (pod: Cached<Pod>) => judgeFailure(job.spec?.podFailurePolicy, pod).counts;
  const indexes = viewIndexes(observed, active);
  return {
    ...observed,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((pod) => isPodTerminating(pod) && !isPodFinished(pod)).length,
    newSucceeded,
    newFailed,
    succeeded: isIndexed(job)
      ? indexes.succeededIndexes.size
      : (job.status?.succeeded ?? 0) + newSucceeded.length + uncounted.succeeded.length,
    failed: (job.status?.failed ?? 0) + newFailed.filter(counts).length + uncounted.failed.length,
    ...indexes,
  };
}

export function uncountedOf({ status }: DeepReadonly<Job>): DeepReadonly<Required<UncountedTerminatedPods>> {
  const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
  return { succeeded, failed };
}

type IndexView = Pick<JobView, 'knownSucceededIndexes' | 'succeededIndexes' | 'failedIndexes' | 'awaitingReplacement'>;

function viewIndexes(observed: JobObservation, active: readonly Cached<Pod>[]): IndexView {
  const { job, pods } = observed;
  const none = { failedIndexes: undefined, awaitingReplacement: new Map() };
  if (!isIndexed(job)) return { knownSucceededIndexes: IndexSet.empty, succeededIndexes: IndexSet.empty, ...none };
  const completions = job.spec?.completions ?? 0;
  const knownSucceededIndexes = IndexSet.parse(job.status?.completedIndexes, completions);
  const news = pods.filter((pod) => isTracked(pod) && isSucceeded(pod) && hasValidIndex(pod, job));
  const succeededIndexes = knownSucceededIndexes.union(IndexSet.from(news.flatMap(indexesOf)));
  if (!hasLimitPerIndex(job)) return { knownSucceededIndexes, succeededIndexes, ...none };
  const failed = pods.filter((pod) => isTracked(pod) && hasValidIndex(pod, job) && isPodFailed(pod, job));
  // An index that has succeeded has not failed, whatever became of other pods of it.
  const lost = failed.filter((pod) => isIndexLost(pod, job) && !indexesOf(pod).some((i) => succeededIndexes.has(i)));
  const failedIndexes = IndexSet.parse(job.status?.failedIndexes, completions).union(
    IndexSet.from(lost.flatMap(indexesOf)),
  );
  const settled = IndexSet.from(active.flatMap(indexesOf)).union(succeededIndexes).union(failedIndexes);
  const open = failed.filter(
    (pod) => isUncounted(pod, observed) && indexesOf(pod).every((index) => !settled.has(index)),
  );
  return {
    knownSucceededIndexes,
    succeededIndexes,
    failedIndexes,
    awaitingReplacement: latestByIndex(open, observed.now),
  };
}

export const indexesOf = (pod: Cached<Pod>): number[] => {
  const index = completionIndex(pod);
  return index === undefined ? [] : [index];
};

/** With this failure its index has had as many as it may. */
function isIndexLost(pod: Cached<Pod>, { spec }: Cached<Job>): boolean {
  const { action, counts } = judgeFailure(spec?.podFailurePolicy, pod);
  if (action === 'FailIndex') return true;
  return counts && failuresBefore(pod).counted >= (spec?.backoffLimitPerIndex ?? 0);
}

function latestByIndex(failed: readonly Cached<Pod>[], now: number): Map<number, Cached<Pod>> {
  const latest = new Map<number, Cached<Pod>>();
  for (const pod of failed) {
    const index = completionIndex(pod);
    if (index === undefined) continue;
    const other = latest.get(index);
    if (other === undefined || isLater(pod, other, now)) latest.set(index, pod);
  }
  return latest;
}

function isLater(pod: Cached<Pod>, other: Cached<Pod>, now: number): boolean {
  const [mine, theirs] = [failuresBefore(pod), failuresBefore(other)];
  return (
    mine.counted + mine.ignored >= theirs.counted + theirs.ignored && finishedAt(pod, now) >= finishedAt(other, now)
  );
}
