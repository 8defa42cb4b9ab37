/**
 * Runs the pods of a Job until it has ended, and counts each of them once.
 *
 *   claim pods → has it ended? → make or delete pods → write what ended → take the finalizers → write the counts
 *
 * Invariants:
 * - Pods are made and deleted only when the cache has seen all that was made and deleted before (expectations).
 * - A pod keeps its finalizer until the status knows its outcome: no pod is lost, none is counted twice.
 * - A Job that has ended, or that another controller manages, is not touched.
 */

import { isDeepStrictEqual } from 'node:util';
import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { isPodReady } from '../../../api/pods.ts';
import { jobs } from '../../../api/resources/batch.ts';
import { pods } from '../../../api/resources/core.ts';
import { isInvalid } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { Job } from '../../../api/types/batch/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import type { Client } from '../../../client/client.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { Expectations } from '../../../client/expectations.ts';
import type { Cached, ObjectCache } from '../../../client/object-cache.ts';
import type { Reconciler, Result } from '../../../client/reconciler.ts';
import { claimOwned, controllerOf } from '../ownership.ts';
import { PodMaker } from '../pod-maker.ts';
import { type BackoffRecord, noFailures, recordEnds } from './job-backoff.ts';
import { allCompleted, decideEnd, isComplete, type JobEnd, msUntilDeadline, planPods } from './job-plan.ts';
import { orderOf } from './job-pod-template.ts';
import { finishedAt, isJobFinished, isSuspended, isTracked, trackingFinalizer } from './job-pods.ts';
import {
  countReleased,
  draftOf,
  type JobDraft,
  statusOf,
  withCondition,
  withEnd,
  withEndToCome,
} from './job-status.ts';
import { planTracking } from './job-tracking.ts';
import { type JobView, viewJob } from './job-view.ts';
import { LatestWrites } from './latest-writes.ts';
import { releasePod } from './pod-release.ts';

export interface JobReconcilerOptions {
  readonly client: Client;
  readonly jobs: ObjectCache<Job>;
  /** With the indexes `controller` and `uncontrolled` of ownership.ts. */
  readonly pods: ObjectCache<Pod>;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

interface Failure {
  readonly error: unknown;
}

/** What became of the pods in this round. */
interface Outcome extends Pick<JobDraft, 'active' | 'ready' | 'terminating'> {
  readonly end?: JobEnd | undefined;
  /** The number of pods was looked after: what the status says of a suspension may follow. */
  readonly managed: boolean;
  readonly retryAfterMs?: number;
  readonly failure?: Failure | undefined;
}

export const jobController = 'kubernetes.io/job-controller';

export class JobReconciler implements Reconciler {
  readonly #options: JobReconcilerOptions;
  readonly expectations: Expectations;
  readonly #maker: PodMaker;
  /** Job uid → uids of pods that have lost their finalizer, though the cache may not show it yet. */
  readonly #released = new Map<string, Set<string>>();
  readonly #writes = new LatestWrites<Job>();
  /** Job uid → what its failures were. */
  readonly #backoff = new Map<string, BackoffRecord>();

  constructor(options: JobReconcilerOptions) {
    const { client, clock, recorder } = options;
    this.#options = options;
    this.expectations = new Expectations(clock);
    this.#maker = new PodMaker({ client, recorder, expectations: this.expectations });
  }

  async reconcile(key: string): Promise<Result> {
    const cached = this.#options.jobs.get(key);
    if (cached === undefined || !isManagedHere(cached)) return {};
    const job = this.#writes.of(cached);
    if (isJobFinished(job)) {
      // To a cache that is behind the Job would seem to go on, with nothing known of what was counted.
      if (isJobFinished(cached)) this.forget(job.metadata.uid);
      return {};
    }
    const { uid } = job.metadata;
    const settled = this.expectations.fulfilled(uid);
    const claimed = await this.#claim(job);
    const now = this.#options.clock.now();
    const view = viewJob({ job, pods: claimed, untracked: this.#untracked(uid, claimed), now });
    const backoff = recordEnds(this.#backoff.get(uid) ?? noFailures, {
      succeeded: view.newSucceeded.map((pod) => finishedAt(pod, now)),
      failed: view.newFailed.map((pod) => finishedAt(pod, now)),
    });
    const outcome = await this.#manage(view, backoff, settled);
    const draft = this.#drafted(view, outcome);
    await this.#track(view, { draft, end: outcome.end, backoff });
    // A pod that is no valid one will be none before the Job changes; its users have been told.
    if (outcome.failure !== undefined && !isInvalid(outcome.failure.error)) throw outcome.failure.error;
    return nextLook(job, draft, outcome, now);
  }

  /** Nothing is to be remembered of the Job any more. */
  forget(jobUid: string): void {
    this.#maker.forget(jobUid);
    this.#released.delete(jobUid);
    this.#backoff.delete(jobUid);
    this.#writes.forget(jobUid);
  }

  async #claim(job: Cached<Job>): Promise<Cached<Pod>[]> {
    const { client, pods: cache } = this.#options;
    return await claimOwned<Job, Pod>({
      ...{ client, ownerKind: jobs, owner: job, kind: pods, finalizer: trackingFinalizer, cache },
      matches: (labels) => matchesLabelSelector(job.spec?.selector, labels),
    });
  }

  /** Those of whose release the cache does not know yet; what it knows by now is forgotten. */
  #untracked(jobUid: string, claimed: readonly Cached<Pod>[]): ReadonlySet<string> {
    const released = this.#released.get(jobUid) ?? new Set();
    const still = new Set(claimed.filter(isTracked).map(({ metadata }) => metadata.uid));
    for (const uid of released) if (!still.has(uid)) released.delete(uid);
    return released;
  }

  async #manage(view: JobView, backoff: BackoffRecord, settled: boolean): Promise<Outcome> {
    const { job } = view;
    const counts = { active: view.active.length, ready: view.ready, terminating: view.terminating };
    const end = decideEnd(view);
    if (end !== undefined) {
      const deleted = await this.#deleteTracked(job, view.active);
      const left = counts.active - deleted.count;
      // Pods that are still there, or that the cache does not show yet, would be lost to the counts.
      const isOver = left === 0 && settled;
      return {
        ...afterDeletion(counts, deleted),
        managed: false,
        end: isOver ? end : undefined,
        failure: deleted.failure,
      };
    }
    const managed = settled && job.metadata.deletionTimestamp === undefined;
    const outcome = managed ? await this.#managePods(view, counts, backoff) : { ...counts, managed };
    const completed = outcome.retryAfterMs === undefined && isComplete(view, outcome.active);
    return { ...outcome, end: completed ? allCompleted : undefined };
  }

  async #managePods(view: JobView, counts: Counts, backoff: BackoffRecord): Promise<Outcome> {
    const plan = planPods(view, backoff);
    switch (plan.type) {
      case 'nothing':
        return { ...counts, managed: true };
      case 'wait':
        return { ...counts, active: activeInBackoff(view), managed: true, retryAfterMs: plan.ms };
      case 'delete': {
        const deleted = await this.#delete(view.job, plan.victims);
        return { ...afterDeletion(counts, deleted), managed: true, failure: deleted.failure };
      }
      case 'create': {
        const { made, failure } = await this.#create(view, plan.indexes);
        return { ...counts, active: counts.active + made, managed: true, failure };
      }
    }
  }

  async #create(view: JobView, indexes: readonly (number | undefined)[]) {
    const { job, awaitingReplacement } = view;
    const orders = indexes.map((index) => orderOf(job, index, awaitingReplacement.get(index ?? -1)));
    const exists = (name: string) => this.#options.pods.get(`${job.metadata.namespace}/${name}`) !== undefined;
    return await this.#maker.tryCreate(job, orders, exists);
  }

  /** The finalizers go first: these pods are in no count. */
  async #delete(job: Cached<Job>, victims: readonly Cached<Pod>[]): Promise<Deleted> {
    const released = await this.#release(job, victims);
    const free = victims.filter((_, i) => released[i]?.status === 'fulfilled');
    const deleted = await this.#deleteTracked(job, free);
    return { ...deleted, failure: firstFailure(released) ?? deleted.failure };
  }

  /** The finalizers stay until the pods are counted. */
  async #deleteTracked(job: Cached<Job>, victims: readonly Cached<Pod>[]): Promise<Deleted> {
    const { deleted, failure } = await this.#maker.tryDelete(job, victims);
    return { count: deleted.length, ready: deleted.filter(isPodReady).length, failure };
  }

  #drafted(view: JobView, { active, ready, terminating, end, managed }: Outcome): JobDraft {
    const { job, now } = view;
    const draft = draftOf(job);
    const startTime = draft.startTime ?? (isSuspended(job) && end === undefined ? undefined : formatTime(now));
    const counted = { ...draft, startTime, active, ready, terminating };
    return managed && end === undefined ? this.#withSuspension(view, counted) : counted;
  }

  #withSuspension({ job, now }: JobView, draft: JobDraft): JobDraft {
    const suspended = isSuspended(job);
    const said = suspended
      ? { status: 'True', reason: 'JobSuspended', message: 'Job suspended' }
      : { status: 'False', reason: 'JobResumed', message: 'Job resumed' };
    const conditions = withCondition(draft.conditions, { type: 'Suspended', ...said }, now);
    if (conditions === draft.conditions) return draft;
    this.#options.recorder.record(job, {
      type: 'Normal',
      reason: suspended ? 'Suspended' : 'Resumed',
      message: said.message,
    });
    // The deadline counts from the resume.
    return { ...draft, conditions, startTime: suspended ? undefined : formatTime(now) };
  }

  async #track(
    view: JobView,
    {
      draft,
      end,
      backoff,
    }: { readonly draft: JobDraft; readonly end: JobEnd | undefined; readonly backoff: BackoffRecord },
  ): Promise<void> {
    const { job, now } = view;
    const tracked = new Set(
      view.pods
        .filter((pod) => isTracked(pod) && !view.untracked.has(pod.metadata.uid))
        .map(({ metadata }) => metadata.uid),
    );
    const plan = planTracking(view, countReleased(draft, tracked), end);
    const first = end === undefined ? plan.draft : withEndToCome(plan.draft, end, now);
    const written = await this.#write(job, first);
    this.#backoff.set(job.metadata.uid, backoff);
    const released = await this.#release(job, plan.release);
    for (const [i, pod] of plan.release.entries())
      if (released[i]?.status === 'fulfilled') tracked.delete(pod.metadata.uid);
    const counted = countReleased(first, tracked);
    const failure = firstFailure(released);
    const last = end === undefined || plan.isCutShort || failure ? undefined : withEnd(counted, end, now);
    await this.#write(written, last ?? counted);
    if (failure !== undefined) throw failure.error;
    if (last !== undefined && end !== undefined) this.#tellEnd(job, last, end);
  }

  /** Writes nothing that is so already. */
  async #write(job: Cached<Job>, draft: JobDraft): Promise<Cached<Job>> {
    const status = statusOf(draft);
    if (isDeepStrictEqual(status, statusOf(draftOf(job))) && job.status?.ready !== undefined) return job;
    const written = await this.#options.client.update(jobs, changedCopy<Job>(job, { status }), {
      subresource: 'status',
    });
    this.#writes.note(job, written);
    return written;
  }

  async #release(job: Cached<Job>, tracked: readonly Cached<Pod>[]): Promise<PromiseSettledResult<void>[]> {
    const { uid } = job.metadata;
    const released = this.#released.get(uid) ?? new Set();
    this.#released.set(uid, released);
    return await Promise.allSettled(
      tracked.map(async (pod) => {
        if (isTracked(pod)) await releasePod(this.#options.client, pod);
        released.add(pod.metadata.uid);
      }),
    );
  }

  #tellEnd(job: Cached<Job>, { succeeded }: JobDraft, { condition, reason, message }: JobEnd): void {
    const { recorder } = this.#options;
    if (condition === 'FailureTarget') {
      recorder.record(job, { type: 'Warning', reason, message });
      return;
    }
    const { completions } = job.spec ?? {};
    if (typeof completions === 'number' && succeeded > completions) {
      recorder.record(job, {
        type: 'Warning',
        reason: 'TooManySucceededPods',
        message: 'Too many succeeded pods running after completion count reached',
      });
    }
    recorder.record(job, { type: 'Normal', reason: 'Completed', message: 'Job completed' });
  }
}

type Counts = Pick<JobDraft, 'active' | 'ready' | 'terminating'>;

interface Deleted {
  readonly count: number;
  readonly ready: number;
  readonly failure?: Failure | undefined;
}

export const isManagedHere = ({ spec }: Cached<Job>): boolean =>
  spec?.managedBy === undefined || spec.managedBy === jobController;

/** A Job of this uid is there, works on, and is ours: its tracked pods are its own matter. */
export const isTrackedBy = (pod: Cached<Pod>, job: Cached<Job> | undefined): boolean =>
  job !== undefined && job.metadata.uid === controllerOf(pod)?.uid && (!isManagedHere(job) || !isJobFinished(job));

function afterDeletion(counts: Counts, { count, ready }: Deleted): Counts {
  return {
    active: counts.active - count,
    ready: Math.max(0, counts.ready - ready),
    terminating: counts.terminating + count,
  };
}

/** Upstream shows none while it waits. Where the API would refuse that, because a pod has just become ready: the truth. */
function activeInBackoff({ job, active, ready }: JobView): number {
  return ready > 0 && ready !== (job.status?.ready ?? 0) ? active.length : 0;
}

function firstFailure(results: readonly PromiseSettledResult<unknown>[]): Failure | undefined {
  const failed = results.find((result) => result.status === 'rejected');
  return failed && { error: failed.reason };
}

function nextLook(job: Cached<Job>, draft: JobDraft, { end, retryAfterMs }: Outcome, now: number): Result {
  const untilDeadline = end === undefined ? msUntilDeadline(job, draft.startTime, now) : undefined;
  const waits = [retryAfterMs, untilDeadline].filter((ms) => ms !== undefined);
  return waits.length > 0 ? { requeueAfterMs: Math.max(0, Math.min(...waits)) } : {};
}
