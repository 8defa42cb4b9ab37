/**
 * What the Job controller does next. Pure.
 *
 *   has it ended (failed, or its success policy is met)? → its pods are deleted
 *   suspended?                                           → its pods are deleted
 *   too many, or two for one index?                      → those are deleted
 *   too few?                                             → the missing are made, once the back-off is over
 */

import { parseTime } from '../../../api/time.ts';
import type { Job } from '../../../api/types/batch/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { rankForDeletion } from '../pod-ranking.ts';
import { IndexSet } from './index-set.ts';
import { type BackoffRecord, msUntilRetry } from './job-backoff.ts';
import {
  completionIndex,
  failuresBefore,
  finishedAt,
  hasLimitPerIndex,
  hasValidIndex,
  isIndexed,
  isPodFailed,
  isSuspended,
  replacesFailedOnly,
} from './job-pods.ts';
import { judgeFailure, matchSuccess } from './job-policies.ts';
import { indexesOf, type JobView } from './job-view.ts';

/** How a Job ends: told by the first condition, and by the last one once nothing of it is left to be counted. */
export interface JobEnd {
  readonly condition: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
}

export type PodPlan =
  | { readonly type: 'nothing' }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'delete'; readonly victims: readonly Cached<Pod>[] }
  /** One pod for each; undefined where pods have no index. */
  | { readonly type: 'create'; readonly indexes: readonly (number | undefined)[] };

/** More are not made or deleted at once. */
const mostAtOnce = 500;
export const allCompleted: JobEnd = {
  condition: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

/** Undefined: it goes on. */
export function decideEnd(view: JobView): JobEnd | undefined {
  return decidedBefore(view.job) ?? failedByPolicy(view) ?? failedByLimit(view) ?? endOfIndexes(view);
}

function decidedBefore({ status }: Cached<Job>): JobEnd | undefined {
  for (const condition of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const found = status?.conditions?.find(({ type, status: is }) => type === condition && is === 'True');
    if (found) return { condition, reason: found.reason ?? '', message: found.message ?? '' };
  }
  return undefined;
}

const failure = (reason: string, message: string): JobEnd => ({ condition: 'FailureTarget', reason, message });

function failedByPolicy({ job, pods }: JobView): JobEnd | undefined {
  if (job.spec?.podFailurePolicy === undefined) return undefined;
  for (const pod of pods) {
    const message = isPodFailed(pod, job) ? judgeFailure(job.spec.podFailurePolicy, pod).message : undefined;
    if (message !== undefined) return failure('PodFailurePolicy', message);
  }
  return undefined;
}

function failedByLimit(view: JobView): JobEnd | undefined {
  if (view.failed > backoffLimit(view.job) || isPastRestarts(view)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const left = msUntilDeadline(view.job, view.job.status?.startTime, view.now);
  return left !== undefined && left <= 0
    ? failure('DeadlineExceeded', 'Job was active longer than specified deadline')
    : undefined;
}

const backoffLimit = ({ spec }: Cached<Job>): number => spec?.backoffLimit ?? 6;

/** Containers that are restarted in their pods count as well as pods that fail. */
function isPastRestarts({ job, pods }: JobView): boolean {
  if (job.spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += restartCount;
  }
  return restarts > 0 && restarts >= backoffLimit(job);
}

/** Milliseconds that are left of the deadline, which runs only while the Job does; undefined: there is none. */
export function msUntilDeadline(job: Cached<Job>, startTime: string | undefined, now: number): number | undefined {
  const startedAt = parseTime(startTime);
  const seconds = job.spec?.activeDeadlineSeconds;
  if (typeof seconds !== 'number' || startedAt === undefined || isSuspended(job)) return undefined;
  return startedAt + seconds * 1000 - now;
}

function endOfIndexes({ job, failedIndexes, succeededIndexes }: JobView): JobEnd | undefined {
  if (!isIndexed(job)) return undefined;
  const { completions = 0, maxFailedIndexes, successPolicy } = job.spec ?? {};
  const failed = failedIndexes?.size ?? 0;
  if (typeof maxFailedIndexes === 'number' && failed > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  if (failed > 0 && failed + succeededIndexes.size >= completions)
    return failure('FailedIndexes', 'Job has failed indexes');
  const message = matchSuccess(successPolicy, completions, succeededIndexes);
  return message === undefined ? undefined : { condition: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message };
}

/** Whether a Job that goes on has all that it asked for, with so many pods left active. */
export function isComplete({ job, succeeded }: JobView, active: number): boolean {
  return active === 0 && succeeded >= (job.spec?.completions ?? 1);
}

/** What becomes of the pods of a Job that has not ended. */
export function planPods(view: JobView, backoff: BackoffRecord): PodPlan {
  const { job, active } = view;
  if (isSuspended(job)) return active.length === 0 ? { type: 'nothing' } : { type: 'delete', victims: active };
  const wanted = wantedActive(view);
  const victims = chooseVictims(view, Math.max(0, active.length - wanted)).slice(0, mostAtOnce);
  if (victims.length > 0) return { type: 'delete', victims };
  const missing = wanted - active.length - (replacesFailedOnly(job) ? view.terminating : 0);
  return missing > 0 ? planCreation(view, backoff, Math.min(missing, mostAtOnce)) : { type: 'nothing' };
}

function wantedActive({ job, active, succeeded }: JobView): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  // A work queue: whoever succeeds says that there is nothing left, and the others come to their end.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** At least so many; of pods for one index all but one, and all whose index the Job does not have. */
function chooseVictims({ job, active, now }: JobView, atLeast: number): Cached<Pod>[] {
  const context = { now, related: [] };
  const ranked = rankForDeletion(active, context);
  const kept = new Set<Cached<Pod>>();
  if (isIndexed(job)) {
    const byIndex = new Map<number, Cached<Pod>>();
    for (const pod of ranked) {
      const index = completionIndex(pod);
      if (index !== undefined && hasValidIndex(pod, job)) byIndex.set(index, pod);
    }
    for (const pod of byIndex.values()) kept.add(pod);
  } else for (const pod of ranked) kept.add(pod);
  const victims = ranked.filter((pod) => !kept.has(pod));
  const more = ranked.filter((pod) => kept.has(pod)).slice(0, Math.max(0, atLeast - victims.length));
  return [...victims, ...more];
}

function planCreation(view: JobView, backoff: BackoffRecord, count: number): PodPlan {
  const { job, now } = view;
  const waitMs = hasLimitPerIndex(job) ? 0 : msUntilRetry(backoff, now);
  if (waitMs > 0) return { type: 'wait', ms: waitMs };
  if (!isIndexed(job)) return { type: 'create', indexes: Array.from({ length: count }, () => undefined) };
  const indexes = pendingIndexes(view, count);
  const waits = indexes.map((index) => msUntilReplacement(view, index));
  const due = indexes.filter((_, i) => waits[i] === 0);
  if (due.length > 0) return { type: 'create', indexes: due };
  return indexes.length === 0 ? { type: 'nothing' } : { type: 'wait', ms: Math.min(...waits) };
}

/** The lowest that have neither a pod nor an outcome. */
function pendingIndexes({ job, pods, active, ...view }: JobView, count: number): number[] {
  const { completions = 0 } = job.spec ?? {};
  const taken = replacesFailedOnly(job) ? [...active, ...pods.filter(isEnding)] : active;
  const settled = view.succeededIndexes.union(view.failedIndexes ?? IndexSet.empty);
  return settled.union(IndexSet.from(taken.flatMap(indexesOf))).firstMissing(count, completions);
}

const isEnding = ({ metadata, status }: Cached<Pod>): boolean =>
  metadata.deletionTimestamp !== undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';

function msUntilReplacement({ job, awaitingReplacement, now }: JobView, index: number): number {
  const failed = awaitingReplacement.get(index);
  if (failed === undefined || !hasLimitPerIndex(job)) return 0;
  const { counted, ignored } = failuresBefore(failed);
  return msUntilRetry({ failures: counted + ignored + 1, lastFailureAt: finishedAt(failed, now) }, now);
}
