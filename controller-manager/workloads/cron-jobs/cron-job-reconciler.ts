/**
 * Starts a Job for each run of a CronJob.
 *
 *   take ended jobs from the active ones → is a run due? → may it start beside the others? → make its Job → old jobs go
 *
 * Invariants:
 * - A run is started once: its Job is named after its minute, and the last run that was started is in the status.
 * - Of several runs that were missed the latest is made up for.
 */

import { isDeepStrictEqual } from 'node:util';
import { isTerminatingNamespaceError } from '../../../api/namespace-state.ts';
import { cronJobs, jobs } from '../../../api/resources/batch.ts';
import { isAlreadyExists, isInvalid, isNotFound } from '../../../api/status-error.ts';
import { formatTime, parseTime } from '../../../api/time.ts';
import type { CronJob, CronJobStatus, Job } from '../../../api/types/batch/v1.ts';
import type { ObjectReference } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import type { Client } from '../../../client/client.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../../client/object-cache.ts';
import { type Reconciler, type Result, TerminalError } from '../../../client/reconciler.ts';
import { readAgain } from '../../finalizers.ts';
import { hasCondition, isJobFinished } from '../jobs/job-pods.ts';
import { controllerOf } from '../ownership.ts';
import {
  chooseExpired,
  findMissed,
  jobNameOf,
  manyMissed,
  missedMessage,
  msUntilNext,
  NeverFiresError,
} from './cron-plan.ts';
import { type CronTimes, cronTimesOf } from './cron-times.ts';
import { jobOfRun, referenceTo } from './run-job.ts';
import { isKnownZone, ownZone } from './time-zone.ts';

export interface CronJobReconcilerOptions {
  readonly client: Client;
  readonly cronJobs: ObjectCache<CronJob>;
  /** With the index `controller` of ownership.ts. */
  readonly jobs: ObjectCache<Job>;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

type Draft = Omit<CronJobStatus, 'active'> & { active: ObjectReference[] };

export class CronJobReconciler implements Reconciler {
  readonly #options: CronJobReconcilerOptions;

  constructor(options: CronJobReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<Result> {
    const cached = this.#options.cronJobs.get(key);
    if (cached === undefined) return {};
    const round = await this.#begin(cached);
    let result: Result = {};
    let failure: { readonly error: unknown } | undefined;
    try {
      result = await this.#run(round);
    } catch (error) {
      failure = { error };
    }
    await this.#cleanUp(round);
    await this.#writeStatus(round);
    if (failure !== undefined) throw failure.error;
    return result;
  }

  /** When a schedule has changed: the next time of the new one. Undefined: it cannot be read, or never fires. */
  msUntilNext(cronJob: Cached<CronJob>): number | undefined {
    try {
      return msUntilNext(cronJob, this.#timesOf(cronJob), this.#options.clock.now());
    } catch {
      return undefined; // the reconciler says why
    }
  }

  /** The status as it is once jobs that have ended or are gone are taken from it. */
  async #begin(cached: Cached<CronJob>): Promise<Round> {
    const children = this.#options.jobs.byIndex('controller', cached.metadata.uid);
    const forgotten = children.filter((job) => !isJobFinished(job) && !isActive(draftOf(cached), job));
    // The cache may be behind what was written when they were made.
    const cronJob =
      forgotten.length === 0 ? cached : ((await readAgain(this.#options.client, cronJobs, cached)) ?? cached);
    const round: Round = { cronJob, children, draft: draftOf(cronJob) };
    for (const job of children) this.#noteJob(round, job);
    await this.#dropMissing(round);
    return round;
  }

  #noteJob({ cronJob, draft }: Round, job: Cached<Job>): void {
    const { name, uid } = job.metadata;
    if (!isJobFinished(job)) {
      if (isActive(draft, job)) return;
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      this.#tell(cronJob, 'Warning', 'UnexpectedJob', message);
      return;
    }
    if (isActive(draft, job)) {
      draft.active = draft.active.filter((reference) => reference.uid !== uid);
      const condition = hasCondition(job, 'Complete') ? 'Complete' : 'Failed';
      this.#tell(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${condition}`);
    }
    const end = hasCondition(job, 'Complete') ? job.status?.completionTime : undefined;
    if ((parseTime(end) ?? 0) > (parseTime(draft.lastSuccessfulTime) ?? 0) && end) draft.lastSuccessfulTime = end;
  }

  async #dropMissing({ cronJob, children, draft }: Round): Promise<void> {
    const known = new Set<string | undefined>(children.map(({ metadata }) => metadata.uid));
    for (const { name = '', namespace, uid } of draft.active.filter((reference) => !known.has(reference.uid))) {
      const job = await ifPresent(this.#options.client.get(jobs, { namespace, name }));
      if (job !== undefined) continue;
      this.#tell(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
      draft.active = draft.active.filter((reference) => reference.uid !== uid);
    }
  }

  async #run(round: Round): Promise<Result> {
    const { cronJob, draft } = round;
    if (cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec.suspend) return {};
    const times = this.#timesTold(cronJob);
    const now = this.#options.clock.now();
    const due = this.#dueRun(cronJob, times, now);
    if (due !== undefined && this.#mayStart(round, due, now)) await this.#start(round, due);
    const next = msUntilNext(changedCopy<CronJob>(cronJob, { status: draft }), times, now);
    return next === undefined ? {} : { requeueAfterMs: next };
  }

  #timesOf({ spec }: Cached<CronJob>): CronTimes {
    return cronTimesOf(spec.schedule ?? '', spec.timeZone ?? ownZone());
  }

  /** A schedule that cannot be used is told, and left alone until it changes. */
  #timesTold(cronJob: Cached<CronJob>): CronTimes {
    const { schedule = '', timeZone } = cronJob.spec;
    if (timeZone !== undefined && !isKnownZone(timeZone)) {
      const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
      throw this.#giveUp(cronJob, 'UnknownTimeZone', message);
    }
    if (schedule.includes('TZ')) {
      const message = `CRON_TZ or TZ used in schedule ${JSON.stringify(schedule)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`;
      this.#tell(cronJob, 'Warning', 'UnsupportedSchedule', message);
    }
    try {
      return this.#timesOf(cronJob);
    } catch (error) {
      const message = `unparseable schedule: ${JSON.stringify(schedule)} : ${errorText(error)}`;
      throw this.#giveUp(cronJob, 'UnparseableSchedule', message);
    }
  }

  #giveUp(cronJob: Cached<CronJob>, reason: string, message: string): TerminalError {
    this.#tell(cronJob, 'Warning', reason, message);
    return new TerminalError(message);
  }

  #dueRun(cronJob: Cached<CronJob>, times: CronTimes, now: number): number | undefined {
    try {
      const { latest, count } = findMissed(cronJob, times, now);
      if (latest !== undefined && count > manyMissed) {
        const message =
          'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
        this.#tell(cronJob, 'Warning', 'TooManyMissedTimes', message);
      }
      return latest;
    } catch (error) {
      if (!(error instanceof NeverFiresError)) throw error;
      throw this.#giveUp(cronJob, 'InvalidSchedule', `invalid schedule: ${cronJob.spec.schedule} : ${error.message}`);
    }
  }

  #mayStart({ cronJob, draft }: Round, due: number, now: number): boolean {
    const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
    if (typeof startingDeadlineSeconds === 'number' && due + startingDeadlineSeconds * 1000 < now) {
      this.#tell(cronJob, 'Warning', 'MissSchedule', missedMessage(due));
      return false;
    }
    const name = jobNameOf(cronJob, due);
    const isActiveNow = draft.active.some((reference) => reference.name === name);
    if (isActiveNow || parseTime(draft.lastScheduleTime) === due) return false;
    if (concurrencyPolicy !== 'Forbid' || draft.active.length === 0) return true;
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    this.#tell(cronJob, 'Normal', 'JobAlreadyActive', message);
    return false;
  }

  async #start(round: Round, due: number): Promise<void> {
    const { cronJob, draft } = round;
    if (cronJob.spec.concurrencyPolicy === 'Replace') await this.#removeActive(round);
    const job = await this.#createJob(cronJob, due);
    if (job === undefined) return;
    if (!isActive(draft, job) && !isJobFinished(job)) draft.active = [...draft.active, referenceTo(job)];
    draft.lastScheduleTime = formatTime(due);
  }

  async #removeActive(round: Round): Promise<void> {
    for (const { name = '', namespace } of round.draft.active) {
      const job = await this.#getJob(round.cronJob, { namespace, name });
      if (job !== undefined) await this.#deleteJob(round, job);
    }
  }

  async #getJob(cronJob: Cached<CronJob>, key: { namespace: string | undefined; name: string }) {
    try {
      return await ifPresent(this.#options.client.get(jobs, key));
    } catch (error) {
      this.#tell(cronJob, 'Warning', 'FailedGet', `Get job: ${errorText(error)}`);
      throw error;
    }
  }

  /** Undefined: another's Job has the name, or the namespace is going. */
  async #createJob(cronJob: Cached<CronJob>, due: number): Promise<Cached<Job> | undefined> {
    const { client } = this.#options;
    const wanted = jobOfRun(cronJob, due);
    try {
      const job = await client.create<Job>(jobs, wanted);
      this.#tell(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      if (isAlreadyExists(error)) {
        const there = await client.get(jobs, wanted.metadata);
        return controllerOf(there)?.uid === cronJob.metadata.uid ? there : undefined;
      }
      if (isTerminatingNamespaceError(error)) return undefined;
      this.#tell(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${errorText(error)}`);
      // A template that makes no valid Job will make none before it changes.
      throw isInvalid(error) ? new TerminalError(errorText(error), { cause: error }) : error;
    }
  }

  async #deleteJob({ cronJob, draft }: Round, job: Cached<Job>): Promise<void> {
    const { namespace, name, uid } = job.metadata;
    try {
      await this.#options.client.delete(jobs, { namespace, name }, { uid, propagationPolicy: 'Background' });
    } catch (error) {
      if (isNotFound(error)) return;
      this.#tell(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${errorText(error)}`);
      throw error;
    }
    draft.active = draft.active.filter((reference) => reference.uid !== uid);
    this.#tell(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  }

  /** What cannot be deleted now is tried again with the next run: it keeps nothing else from being done. */
  async #cleanUp(round: Round): Promise<void> {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = round.cronJob.spec;
    const ended = round.children.filter((job) => isJobFinished(job) && job.metadata.deletionTimestamp === undefined);
    const isSuccess = (job: Cached<Job>) => hasCondition(job, 'Complete');
    const expired = [
      ...chooseExpired(ended.filter(isSuccess), successfulJobsHistoryLimit),
      ...chooseExpired(
        ended.filter((job) => !isSuccess(job)),
        failedJobsHistoryLimit,
      ),
    ];
    await Promise.allSettled(expired.map((job) => this.#deleteJob(round, job)));
  }

  async #writeStatus({ cronJob, draft }: Round): Promise<void> {
    const { active, ...times } = draft;
    const status: CronJobStatus = { ...times, ...(active.length > 0 && { active }) };
    if (isDeepStrictEqual(status, cronJob.status ?? {})) return;
    const next = changedCopy<CronJob>(cronJob, { status });
    await ifPresent(this.#options.client.update(cronJobs, next, { subresource: 'status' }));
  }

  #tell(cronJob: Cached<CronJob>, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#options.recorder.record(cronJob, { type, reason, message });
  }
}

/** One CronJob in one round: what it has, and what its status will be. */
interface Round {
  readonly cronJob: Cached<CronJob>;
  readonly children: readonly Cached<Job>[];
  readonly draft: Draft;
}

function draftOf({ status }: Cached<CronJob>): Draft {
  return { ...status, active: (status?.active ?? []).map((reference) => ({ ...reference })) };
}

const isActive = ({ active }: Draft, { metadata }: Cached<Job>): boolean =>
  active.some(({ uid }) => uid === metadata.uid);
