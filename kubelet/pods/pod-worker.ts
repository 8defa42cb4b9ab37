/**
 * The one sequence of steps that may act on one pod. Every step looks at object and runtime again.
 *
 *   object seen ──► look, decide, do ──► sleep ──┐      until `PodState` (pod-state.ts) is `removed`
 *                    ▲                           │
 *                    └── object, runtime, probes, time
 *
 * Invariants:
 * - One step at a time; what wakes the worker during a step makes it look once more.
 * - A pod that is terminating never runs again, not even with a new kubelet (its phase says so).
 * - The object is deleted only when nothing of the pod runs and its last status is stored.
 * - Only the object's absence removes logs and volumes.
 * - It ends when nothing of the pod is observed; what turns up afterwards is a leftover (`PodWorkers`).
 */

import { isDeepStrictEqual } from 'node:util';
import type { RetriedStep } from '../../api/pod-retry.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Logger } from '../../base/logger.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import { withResized } from '../containers/allocated-resources.ts';
import type { NodeDevices } from '../devices/node-devices.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import { eventSubject } from '../model/event-subject.ts';
import { graceSecondsOf, type PodObject } from '../model/pod.ts';
import type { Prober } from '../probes/prober.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { watchContainers } from './container-watch.ts';
import { EndpointDrain, type EndpointDrainOptions } from './endpoint-drain.ts';
import { followLongStep } from './long-step.ts';
import type { NodeAdmission } from './node-admission.ts';
import type { ObservedPods } from './observed-pods.ts';
import { computePodActions, isFinished, nothingRuns, type PodAction } from './pod-actions.ts';
import { PodLife } from './pod-life.ts';
import { PodOutlook } from './pod-outlook.ts';
import { PodReporter } from './pod-reporter.ts';
import { PodResizer } from './pod-resizer.ts';
import { PodRuntimeState } from './pod-runtime-state.ts';
import { causeOf, failureOf, objectFateOf, type PodFacts, type PodFailure, type PodState } from './pod-state.ts';
import type { PodSync } from './pod-sync.ts';
import { withRemembered } from './remembered-containers.ts';
import { removePod } from './remove-pod.ts';
import type { RestartBackoff } from './restart-backoff.ts';
import type { PodStatuses } from './status/pod-statuses.ts';
import { StepPause } from './step-pause.ts';
import { stopSooner } from './stop-container.ts';
import { waitingSteps } from './waiting-steps.ts';
import type { WorkMetrics, WorkType } from './work-metrics.ts';

export interface PodWorkerDependencies extends EndpointDrainOptions {
  readonly runtime: Runtime;
  readonly sync: PodSync;
  readonly observed: ObservedPods;
  readonly prober: Prober;
  readonly keptLogs: Pick<KeptLogs, 'keep'>;
  readonly metrics?: Pick<WorkMetrics, 'step'>;
  readonly statuses: PodStatuses;
  readonly puller: ImagePuller;
  readonly backoff: RestartBackoff;
  readonly volumes: Volumes;
  readonly devices: Pick<NodeDevices, 'release'>;
  readonly cgroups: Pick<PodCgroups, 'remove'>;
  readonly logger: Logger;
  readonly nodeIp: string;
  /** The longest wait of this node between two starts of a container. */
  readonly maxRestartPeriodMs: number;
  readonly admission: Pick<NodeAdmission, 'admit' | 'release' | 'resizeRefusalOf'>;
}

const retry = { baseMs: 500, maxMs: 20_000 };
/** After these, what comes next is told by an event or by time. */
const settlingActions = new Set<PodAction['type']>(['backOff', 'createSandbox', 'startContainer', 'refreshVolumes']);

export class PodWorker {
  readonly uid: string;
  readonly #dependencies: PodWorkerDependencies;
  readonly #logger: Logger;
  readonly #known = new PodRuntimeState();
  readonly #reporter: PodReporter;
  readonly #resizer: PodResizer;
  readonly #drain: EndpointDrain;
  readonly #outlook: PodOutlook;
  readonly #life = new PodLife();
  #pod: PodObject;
  #failures = 0;
  /** Why the last step failed. */
  #trouble: unknown;
  readonly #pause: StepPause;

  constructor(pod: PodObject, dependencies: PodWorkerDependencies) {
    this.uid = pod.metadata.uid;
    this.#pod = pod;
    this.#dependencies = dependencies;
    this.#pause = new StepPause(dependencies.clock);
    this.#reporter = new PodReporter(this.#known, dependencies);
    this.#drain = new EndpointDrain(dependencies);
    this.#resizer = new PodResizer({ ...dependencies, known: this.#known });
    this.#outlook = new PodOutlook(this.#known, this.#life, dependencies);
    this.#logger = dependencies.logger.child({ pod: `${pod.metadata.namespace}/${pod.metadata.name}` });
    this.#life.advance(factsOf(pod));
  }

  get pod(): PodObject {
    return this.#pod;
  }

  /** A newer version of the object. */
  update(pod: PodObject): void {
    const { runtime, statuses } = this.#dependencies;
    const before = graceSecondsOf(this.#pod);
    // Files of the downward API show them: they are due at once.
    if (!isDeepStrictEqual(shownMetadata(this.#pod), shownMetadata(pod))) this.#known.volumesOutdated();
    this.#pod = pod;
    statuses.seen(pod);
    this.#life.advance(factsOf(pod));
    const graceSeconds = graceSecondsOf(pod);
    if (isPodTerminating(pod) && graceSeconds < before)
      stopSooner(this.#known.stopping, graceSeconds, { runtime, logger: this.#logger });
    this.wake();
  }

  /** It ends, and has failed. False: it ends already. */
  fail(failure: PodFailure): boolean {
    if (this.#life.isEnding) return false;
    this.#failed('failed', failure);
    this.wake();
    return true;
  }

  /** Nothing of the pod runs any more, and nothing will. */
  get isOver(): boolean {
    return this.#life.isOver;
  }

  /** Resolves when it is over, or `signal` aborts. */
  async untilOver(signal: AbortSignal): Promise<void> {
    await this.#life.untilOver(signal);
  }

  /** Resolves when it is over and the API has how it ended, or never will; or when `signal` aborts. */
  async untilStored(signal: AbortSignal): Promise<void> {
    await this.#life.untilStored(signal);
  }

  /** The object is no more: whatever is left of the pod goes. */
  podGone(): void {
    this.#life.advance({ objectGone: true });
    // Its status went with it; a pod of the same name may be there, of which this node may not write.
    this.#dependencies.statuses.forget(this.uid);
    this.wake();
  }

  wake(): void {
    this.#pause.end();
  }

  /**
   * What waits for its next try is tried now, and waits as after a first failure when it fails again. Returns what that
   * is; undefined: the pod ends, or has ended.
   */
  retry(): readonly RetriedStep[] | undefined {
    if (this.#life.isEnding) return undefined;
    const { puller, backoff, clock } = this.#dependencies;
    const isHeldBack = this.#known.sandboxHeldBackMs(clock.monotonic()) > 0;
    const steps = waitingSteps({ waiting: this.#known.waiting, trouble: this.#trouble, isHeldBack });
    puller.forget(this.uid);
    backoff.forget(`${this.uid}/`);
    for (const { container } of steps) if (container !== undefined) this.#known.containerWaitsNoMore(container);
    this.#known.holdsNothingBack();
    this.#failures = 0;
    this.#outlook.forgetFailures();
    this.wake();
    return steps;
  }

  /** Why a container of this pod waits, for whoever asks for its log. */
  waitingReasonOf(container: string): string | undefined {
    return this.#known.waiting.get(container)?.reason;
  }

  /** Until the pod is gone and nothing of it is left, or `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const end = () => {
      this.#life.interrupt();
      this.wake();
    };
    signal.addEventListener('abort', end, { once: true });
    await this.#runSteps(signal);
    signal.removeEventListener('abort', end);
  }

  async #runSteps(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#pause.stepBegins();
      let waitMs: number | undefined;
      const { clock, metrics } = this.#dependencies;
      const begunAt = clock.monotonic();
      const type = workTypes[this.#life.state.phase];
      try {
        waitMs = await this.#step(signal);
        metrics?.step(type, clock.monotonic() - begunAt);
        if (waitMs === undefined) return;
        this.#failures = 0;
        this.#trouble = undefined;
      } catch (error) {
        if (signal.aborted) return;
        const isAbort = error instanceof Error && error.name === 'AbortError';
        const wasCutShort = this.#life.syncing.aborted && isAbort;
        if (!wasCutShort) {
          this.#failures += 1;
          this.#trouble = error;
          this.#logger.warn('A step for a pod failed; trying again', { error });
        }
        waitMs = wasCutShort || this.#pause.isOver ? 0 : computeBackoffMs(this.#failures, retry);
      }
      await this.#pause.last(waitMs);
    }
  }

  /** Returns how long to wait for the next look, or undefined: there will be none. */
  async #step(signal: AbortSignal): Promise<number | undefined> {
    const { observed, statuses, sync } = this.#dependencies;
    await this.#checkAdmission();
    this.#checkDeadline();
    const pod = statuses.withLatestStatus(this.#pod);
    await this.#watchContainers();
    const known = withResized(withRemembered(pod, observed.get(this.uid)), this.#known.resized);
    const over = nothingRuns(known);
    this.#life.advance({
      nothingRuns: over,
      finished: !this.#life.isEnding && isFinished(pod, known, this.#outlook.context(this.#pod)),
    });
    if (over && this.#life.state.phase === 'terminated') return await this.#finish(signal);
    const resizes = this.#life.isEnding ? {} : this.#resizer.decide(pod, known);
    const drainLeftMs = this.#life.isDeleted ? this.#drain.leftMs(this.#pod, known) : 0;
    const context = { ...this.#outlook.context(this.#pod), ...resizes, draining: drainLeftMs > 0 };
    const decided = computePodActions(pod, known, context);
    const heldBackMs = this.#outlook.heldBackMs(decided);
    const actions = heldBackMs === undefined ? decided : decided.filter(({ type }) => type === 'refreshVolumes');
    if (!context.ending || causeOf(this.#life.state)?.type === 'finished') this.#outlook.forgetOldReasons(actions);
    this.#report(signal);
    const own = context.ending ? signal : this.#life.syncing;
    const graceSeconds = failureOf(this.#life.state)?.graceSeconds;
    const input = { pod, known: this.#known, signal: own, ...(graceSeconds !== undefined && { graceSeconds }) };
    const work = sync.apply(actions, input);
    await this.#follow(work, { signal, mayLeave: actions.every(({ type }) => type !== 'stopContainer') });
    // Hooks and pulls may have taken long; what they changed is told at once.
    await this.#watchContainers();
    this.#report(signal);
    if (drainLeftMs > 0) return drainLeftMs;
    if (actions.some(({ type }) => !settlingActions.has(type))) return 0;
    return Math.min(heldBackMs ?? Number.POSITIVE_INFINITY, this.#outlook.nextLookMs(this.#pod, actions));
  }

  async #checkAdmission(): Promise<void> {
    if (this.#life.isEnding) return;
    const refusal = await this.#dependencies.admission.admit(this.#pod);
    if (refusal === undefined || this.#life.isEnding) return;
    this.#failed('rejected', refusal);
  }

  #checkDeadline(): void {
    const left = this.#outlook.deadlineLeftMs(this.#pod);
    if (left === undefined || left > 0 || this.#life.isEnding) return;
    const reason = 'DeadlineExceeded';
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#failed('failed', { reason, message }, 'Normal');
  }

  #failed(type: 'rejected' | 'failed', failure: PodFailure, eventType: 'Normal' | 'Warning' = 'Warning'): void {
    this.#life.advance({ failure: { type, ...failure } });
    const { reason, message } = failure;
    this.#dependencies.recorder.record(eventSubject(this.#pod), { type: eventType, reason, message });
  }

  async #watchContainers(): Promise<void> {
    const { observed, statuses } = this.#dependencies;
    const pod = statuses.withLatestStatus(this.#pod);
    await watchContainers(pod, observed.get(this.uid), this.#known, this.#dependencies);
  }

  #report(signal: AbortSignal): void {
    this.#reporter.report(this.#pod, this.#life.state, signal);
  }

  async #follow(
    work: Promise<void>,
    { signal, mayLeave }: { readonly signal: AbortSignal; readonly mayLeave: boolean },
  ): Promise<void> {
    await followLongStep(work, {
      clock: this.#dependencies.clock,
      life: mayLeave && !this.#life.syncing.aborted ? this.#life.syncing : undefined,
      deadlineLeftMs: () => (this.#life.isEnding ? undefined : this.#outlook.deadlineLeftMs(this.#pod)),
      checkDeadline: () => this.#checkDeadline(),
      show: () => this.#report(signal),
    });
  }

  async #finish(signal: AbortSignal): Promise<number | undefined> {
    const { statuses, devices, admission, cgroups } = this.#dependencies;
    devices.release(this.uid);
    admission.release(this.uid);
    if (objectFateOf(this.#life.state) === 'gone') {
      await removePod(this.uid, this.#dependencies);
      const { containers, sandboxes } = this.#dependencies.observed.get(this.uid);
      if (containers.length + sandboxes.length > 0) return 0; // started late, and announced while the rest went
      await cgroups.remove(this.uid);
      this.#life.advance({ nothingLeft: true });
      return undefined;
    }
    await cgroups.remove(this.uid);
    this.#reporter.reportEnd(this.#pod, this.#life.state, signal);
    void statuses.settled(this.uid).then(() => this.#life.noteStored());
    if (!isPodTerminating(this.#pod) || objectFateOf(this.#life.state) === 'deleted') return Number.POSITIVE_INFINITY;
    await statuses.settled(this.uid);
    await statuses.deletePod(this.#pod);
    this.#life.advance({ objectDeleted: true });
    return Number.POSITIVE_INFINITY;
  }
}

const factsOf = (pod: PodObject): PodFacts => ({ deletion: isPodTerminating(pod), finished: isPodFinished(pod) });

/** What of a pod's metadata can change and be read by its containers. */
const shownMetadata = ({ metadata }: PodObject): unknown => [metadata.labels, metadata.annotations];

const workTypes = {
  syncing: 'sync',
  terminating: 'terminating',
  terminated: 'terminated',
  removed: 'terminated',
} as const satisfies Record<PodState['phase'], WorkType>;
