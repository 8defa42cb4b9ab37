/** Random worlds: a Job's planners over pods that succeed, fail and vanish, and over status writes that are lost. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPodActive } from '../../../api/pods.ts';
import { jobs } from '../../../api/resources/batch.ts';
import { pods } from '../../../api/resources/core.ts';
import { formatTime } from '../../../api/time.ts';
import type { Job, JobSpec } from '../../../api/types/batch/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { type BackoffRecord, noFailures, recordEnds } from './job-backoff.ts';
import { allCompleted, decideEnd, isComplete, type JobEnd, planPods } from './job-plan.ts';
import { orderOf } from './job-pod-template.ts';
import { completionIndex, finishedAt, isJobFinished, isSucceeded, isTracked } from './job-pods.ts';
import { countReleased, draftOf, statusOf, withEnd, withEndToCome } from './job-status.ts';
import { planTracking } from './job-tracking.ts';
import { viewJob } from './job-view.ts';

/** Pods as a cluster has them, and the controller's steps on them, with nothing in between. */
class World {
  job: Cached<Job>;
  pods: Cached<Pod>[] = [];
  now = Date.UTC(2030, 0, 1);
  mostActive = 0;
  made = 0;
  #backoff: BackoffRecord = noFailures;

  constructor(spec: Omit<JobSpec, 'template'>) {
    const template = { spec: { containers: [], restartPolicy: 'Never' } };
    this.job = storedObject(jobs, { metadata: { name: 'work', uid: 'j' }, spec: { ...spec, template } });
  }

  /** One round of the controller; `lost`: it dies before the counts are written. */
  round(lost = false): void {
    if (isJobFinished(this.job)) return;
    const view = viewJob({ job: this.job, pods: this.pods, untracked: new Set(), now: this.now });
    const times = (list: readonly Cached<Pod>[]) => list.map((pod) => finishedAt(pod, this.now));
    const backoff = recordEnds(this.#backoff, { succeeded: times(view.newSucceeded), failed: times(view.newFailed) });
    const decided = decideEnd(view);
    const plan = decided === undefined ? planPods(view, backoff) : ({ type: 'delete', victims: view.active } as const);
    if (plan.type === 'delete') this.#delete(plan.victims, decided !== undefined);
    if (plan.type === 'create')
      for (const index of plan.indexes) this.#create(index, view.awaitingReplacement.get(index ?? -1));
    const active = this.pods.filter(isPodActive).length;
    this.mostActive = Math.max(this.mostActive, active);
    const end = decided ?? (plan.type !== 'wait' && isComplete(view, active) ? allCompleted : undefined);
    this.#track(view, { end, active }, lost);
    this.#backoff = backoff;
  }

  #track(
    view: ReturnType<typeof viewJob>,
    { end, active }: { end: JobEnd | undefined; active: number },
    lost: boolean,
  ) {
    const startTime = this.job.status?.startTime ?? formatTime(this.now);
    const draft = { ...draftOf(this.job), startTime, active, ready: 0, terminating: 0 };
    const uids = () => new Set(this.pods.filter(isTracked).map(({ metadata }) => metadata.uid));
    const plan = planTracking({ ...view, pods: this.pods }, countReleased(draft, uids()), end);
    const first = end === undefined ? plan.draft : withEndToCome(plan.draft, end, this.now);
    this.#write(first);
    const released = new Set(plan.release.map(({ metadata }) => metadata.uid));
    this.pods = this.pods
      .map((pod) => (released.has(pod.metadata.uid) ? { ...pod, metadata: { ...pod.metadata, finalizers: [] } } : pod))
      .filter((pod) => isTracked(pod) || pod.metadata.deletionTimestamp === undefined);
    if (lost) return;
    const counted = countReleased(first, uids());
    this.#write((end && !plan.isCutShort && withEnd(counted, end, this.now)) || counted);
  }

  #write(draft: ReturnType<typeof draftOf>): void {
    this.job = { ...this.job, status: statusOf(draft) };
  }

  #create(index: number | undefined, failed: Cached<Pod> | undefined): void {
    const { template } = orderOf(this.job, index, failed);
    this.made += 1;
    const metadata = { name: `p${this.made}`, ...template.metadata };
    const pod = storedObject(pods, { metadata: { name: metadata.name }, status: { phase: 'Pending' } });
    this.pods.push({ ...pod, metadata: { ...pod.metadata, ...metadata } });
  }

  /** Of a Job that goes on they are in no count; of one that has ended they wait to be counted. */
  #delete(victims: readonly Cached<Pod>[], tracked: boolean): void {
    const deletionTimestamp = formatTime(this.now);
    this.pods = this.pods.flatMap((pod) => {
      if (!victims.includes(pod)) return [pod];
      return tracked ? [{ ...pod, metadata: { ...pod.metadata, deletionTimestamp } }] : [];
    });
  }

  /** The kubelet's part: the `which`th active pod ends. */
  finish(which: number, phase: 'Succeeded' | 'Failed'): void {
    const active = this.pods.filter(isPodActive);
    const chosen = active[which % Math.max(1, active.length)];
    this.pods = this.pods.map((pod) => (pod === chosen ? { ...pod, status: { phase } } : pod));
  }

  /** Somebody deletes it. */
  vanish(which: number): void {
    const active = this.pods.filter(isPodActive);
    const chosen = active[which % Math.max(1, active.length)];
    const deletionTimestamp = formatTime(this.now);
    this.pods = this.pods.map((pod) =>
      pod === chosen ? { ...pod, metadata: { ...pod.metadata, deletionTimestamp } } : pod,
    );
  }
}

const step = fc.record({
  what: fc.constantFrom('Succeeded', 'Failed', 'vanish', 'wait'),
  which: fc.nat(20),
  lost: fc.boolean(),
});

function play(world: World, steps: readonly { what: string; which: number; lost: boolean }[]): void {
  for (const { what, which, lost } of steps) {
    world.round(lost);
    if (what === 'vanish') world.vanish(which);
    else if (what === 'Succeeded' || what === 'Failed') world.finish(which, what);
    world.now += what === 'wait' ? 700_000 : 1_000;
  }
  for (let rounds = 0; rounds < 400 && !isJobFinished(world.job); rounds += 1) {
    world.round();
    world.finish(0, 'Succeeded');
    world.now += 700_000;
  }
}

describe('a Job in random worlds', () => {
  const shape = { completions: fc.integer({ min: 0, max: 6 }), parallelism: fc.integer({ min: 1, max: 5 }) };

  it('comes to its end with as many successes as it asked for, and never more pods than it may have', () => {
    fc.assert(
      fc.property(fc.record(shape), fc.array(step, { maxLength: 40 }), ({ completions, parallelism }, steps) => {
        const world = new World({ completions, parallelism, backoffLimit: 1000, completionMode: 'NonIndexed' });
        play(world, steps);
        assert.equal(world.job.status?.conditions?.at(-1)?.type, 'Complete');
        assert.equal(world.job.status?.succeeded ?? 0, completions);
        assert.ok(world.mostActive <= Math.min(parallelism, completions));
        assert.deepEqual(world.job.status?.uncountedTerminatedPods, {});
        const outcomes = (world.job.status?.succeeded ?? 0) + (world.job.status?.failed ?? 0);
        assert.equal(outcomes, world.made, 'each pod is counted once');
      }),
      { numRuns: 200 },
    );
  });

  it('has each index succeed, with one pod at a time', () => {
    const limits = fc.option(fc.constant(1000), { nil: undefined });
    fc.assert(
      fc.property(fc.record(shape), limits, fc.array(step, { maxLength: 40 }), (sizes, backoffLimitPerIndex, steps) => {
        const perIndex = backoffLimitPerIndex === undefined ? {} : { backoffLimitPerIndex };
        const world = new World({ ...sizes, ...perIndex, backoffLimit: 1000, completionMode: 'Indexed' });
        const before = world.round.bind(world);
        world.round = (lost) => {
          before(lost);
          const indexes = world.pods.filter(isPodActive).map(completionIndex);
          assert.equal(new Set(indexes).size, indexes.length, 'no index twice');
        };
        play(world, steps);
        assert.equal(world.job.status?.succeeded ?? 0, sizes.completions);
        const succeeded = world.pods.filter(isSucceeded).map(completionIndex);
        assert.equal(new Set(succeeded).size, succeeded.length, 'no index succeeds twice');
        assert.ok(world.mostActive <= sizes.parallelism);
      }),
      { numRuns: 200 },
    );
  });

  it('ends after as many failures as it may have', () => {
    fc.assert(
      fc.property(fc.record(shape), fc.nat(4), fc.array(step, { maxLength: 60 }), (sizes, backoffLimit, steps) => {
        const world = new World({ ...sizes, backoffLimit, completionMode: 'NonIndexed' });
        play(world, steps);
        const isFailed = world.job.status?.conditions?.at(-1)?.type === 'Failed';
        assert.equal(isFailed, (world.job.status?.failed ?? 0) > backoffLimit);
        assert.ok(isJobFinished(world.job));
        assert.equal(world.pods.filter(isTracked).length, 0, 'no pod keeps its finalizer');
      }),
      { numRuns: 200 },
    );
  });
});
