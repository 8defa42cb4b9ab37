/**
 * Which pods of a Job have ended and are to be counted. Pure.
 *
 * Each pod is counted exactly once, whatever is interrupted: its uid is written to the status (an index that succeeded:
 * to the completed indexes) before its finalizer goes, and becomes a number once the finalizer is gone.
 */

import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { JobEnd } from './job-plan.ts';
import { completionIndex, hasValidIndex, isIndexed, isPodFailed, isSucceeded } from './job-pods.ts';
import { judgeFailure } from './job-policies.ts';
import type { JobDraft } from './job-status.ts';
import { indexesOf, isUncounted, type JobView } from './job-view.ts';

export interface TrackingPlan {
  readonly draft: JobDraft;
  /** They lose their finalizer once the draft is written. */
  readonly release: readonly Cached<Pod>[];
  /** There are more to be counted: the Job has not ended yet. */
  readonly isCutShort: boolean;
}

/** So that their uids take less than 20 KB of the status, and one Job does not hold up the others. */
const mostUncounted = 500;

export function planTracking(view: JobView, draft: JobDraft, end: JobEnd | undefined): TrackingPlan {
  const succeeded = [...draft.uncounted.succeeded];
  const failed = [...draft.uncounted.failed];
  let newIndexes = 0;
  const release: Cached<Pod>[] = [];
  let isCutShort = false;
  const known = { succeeded: new Set(succeeded), failed: new Set(failed) };
  for (const pod of inOrder(view)) {
    if (!isUncounted(pod, view) || !mayRelease(pod, view, end)) continue;
    release.push(pod);
    switch (outcomeOf(pod, view, end, known)) {
      case 'index':
        newIndexes += 1;
        break;
      case 'succeeded':
        succeeded.push(pod.metadata.uid);
        break;
      case 'failed':
        failed.push(pod.metadata.uid);
        break;
      case 'known':
    }
    isCutShort = newIndexes + succeeded.length + failed.length >= mostUncounted;
    if (isCutShort) break;
  }
  const next = { ...draft, uncounted: { succeeded, failed } };
  return { draft: isIndexed(view.job) ? withIndexes(next, view) : next, release, isCutShort };
}

function inOrder({ job, pods }: JobView): readonly Cached<Pod>[] {
  if (!isIndexed(job)) return pods;
  return [...pods].sort((a, b) => (completionIndex(a) ?? -1) - (completionIndex(b) ?? -1));
}

/** It has ended, or the Job has; a failed one stays until there is one in its place that knows of its failure. */
function mayRelease(pod: Cached<Pod>, view: JobView, end: JobEnd | undefined): boolean {
  if (view.job.metadata.deletionTimestamp !== undefined || end !== undefined || isSucceeded(pod)) return true;
  if (!isPodFailed(pod, view.job)) return false;
  const index = completionIndex(pod);
  return index === undefined || view.awaitingReplacement.get(index) !== pod;
}

type Known = Readonly<Record<'succeeded' | 'failed', ReadonlySet<string>>>;

/** How it is counted; known: it is counted already, or in no count at all. */
function outcomeOf(
  pod: Cached<Pod>,
  view: JobView,
  end: JobEnd | undefined,
  known: Known,
): 'succeeded' | 'index' | 'failed' | 'known' {
  const { uid } = pod.metadata;
  const { job } = view;
  if (isSucceeded(pod) && !known.failed.has(uid)) {
    if (!isIndexed(job)) return known.succeeded.has(uid) ? 'known' : 'succeeded';
    const isNew = hasValidIndex(pod, job) && !indexesOf(pod).some((index) => view.knownSucceededIndexes.has(index));
    return isNew ? 'index' : 'known';
  }
  // What a Job that has failed leaves behind has failed with it.
  const isLost = isPodFailed(pod, job) || end?.condition === 'FailureTarget';
  if (!isLost || known.failed.has(uid) || !hasValidIndex(pod, job)) return 'known';
  return judgeFailure(job.spec?.podFailurePolicy, pod).counts ? 'failed' : 'known';
}

/** All that have succeeded, those of pods that are left for the next time among them. */
function withIndexes(draft: JobDraft, { succeededIndexes, failedIndexes }: JobView): JobDraft {
  return {
    ...draft,
    succeeded: succeededIndexes.size,
    completedIndexes: succeededIndexes.toString(),
    failedIndexes: failedIndexes?.toString(),
  };
}
