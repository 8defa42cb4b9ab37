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
import { restartPeriodOf } from '../../api/restart-period.ts';
import { parseTime } from '../../api/time.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import { withResized } from '../containers/allocated-resources.ts';
import type { NodeDevices } from '../devices/node-devices.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import { eventSubject } from '../model/event-subject.ts';
import { containerOf, graceSecondsOf, type PodObject, sandboxOf } from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { Prober } from '../probes/prober.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { watchContainers } from './container-watch.ts';
import { computeNextLookMs, hasConfigFailure } from './next-look.ts';
import type { NodeAdmission } from './node-admission.ts';
import type { ObservedPods } from './observed-pods.ts';
import { computePodActions, isFinished, nothingRuns, type PodAction, type PodContext } from './pod-actions.ts';
import { PodReporter } from './pod-reporter.ts';
import { PodResizer } from './pod-resizer.ts';
import { PodRuntimeState } from './pod-runtime-state.ts';
import {
  advance,
  causeOf,
  failureOf,
  objectFateOf,
  type PodFacts,
  type PodFailure,
  type PodState,
} from './pod-state.ts';
import type { PodSync } from './pod-sync.ts';
import { withRemembered } from './remembered-containers.ts';
import { removePod } from './remove-pod.ts';
import type { RestartBackoff } from './restart-backoff.ts';
import type { PodStatuses } from './status/pod-statuses.ts';
import { waitingSteps } from './waiting-steps.ts';
import type { WorkMetrics, WorkType } from './work-metrics.ts';

export interface PodWorkerDependencies {
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
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeIp: string;
  /** The longest wait of this node between two starts of a container. */
  readonly maxRestartPeriodMs: number;
  readonly admission: Pick<NodeAdmission, 'admit' | 'release' | 'resizeRefusalOf'>;
}

const retry = { baseMs: 500, maxMs: 20_000 };
/** After these, what comes next is told by an event or by time. */
const settlingActions = new Set<PodAction['type']>(['backOff', 'createSandbox', 'startContainer', 'refreshVolumes']);
/** How soon a step that goes on is shown; then less and less often. */
const showEveryMs = 1_500;
/** Why a sleep ends early. Without a reason, Node makes an error with a stack, each time. */
const early = 'early';
/** How long the runtime may take for an answer once the pod's life is over. */
const leaveBehindMs = 5_000;

export class PodWorker {
  readonly uid: string;
  readonly #dependencies: PodWorkerDependencies;
  readonly #logger: Logger;
  readonly #known = new PodRuntimeState();
  readonly #reporter: PodReporter;
  readonly #resizer: PodResizer;
  /** Aborts what serves only a pod that is syncing. */
  readonly #syncing = new AbortController();
  /** Aborts when nothing runs any more. */
  readonly #over = new AbortController();
  #state: PodState = { phase: 'syncing' };
  #pod: PodObject;
  #failures = 0;
  /** Why the last step failed. */
  #trouble: unknown;
  #configFailures = 0;
  #wake: AbortController | undefined;
  #dirty = false;

  constructor(pod: PodObject, dependencies: PodWorkerDependencies) {
    this.uid = pod.metadata.uid;
    this.#pod = pod;
    this.#dependencies = dependencies;
    this.#reporter = new PodReporter(this.#known, dependencies);
    this.#resizer = new PodResizer({ ...dependencies, known: this.#known });
    this.#logger = dependencies.logger.child({ pod: `${pod.metadata.namespace}/${pod.metadata.name}` });
    this.#advance(factsOf(pod));
  }

  get pod(): PodObject {
    return this.#pod;
  }

  /** A newer version of the object. */
  update(pod: PodObject): void {
    const before = graceSecondsOf(this.#pod);
    // Files of the downward API show them: they are due at once.
    if (!isDeepStrictEqual(shownMetadata(this.#pod), shownMetadata(pod))) this.#known.volumesOutdated();
    this.#pod = pod;
    this.#dependencies.statuses.seen(pod);
    this.#advance(factsOf(pod));
    if (isPodTerminating(pod) && graceSecondsOf(pod) < before) this.#shortenStops();
    this.wake();
  }

  /** It ends, and has failed. False: it ends already. */
  fail(failure: PodFailure): boolean {
    if (this.#isEnding()) return false;
    this.#advance({ failure: { type: 'failed', ...failure } });
    const { reason, message } = failure;
    this.#dependencies.recorder.record(eventSubject(this.#pod), { type: 'Warning', reason, message });
    this.wake();
    return true;
  }

  /** Nothing of the pod runs any more, and nothing will. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Resolves when it is over, or `signal` aborts. */
  async untilOver(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#over.signal]);
    if (!either.aborted) await new Promise((resolve) => either.addEventListener('abort', resolve, { once: true }));
  }

  /** The object is no more: whatever is left of the pod goes. */
  podGone(): void {
    this.#advance({ objectGone: true });
    // Its status went with it; a pod of the same name may be there, of which this node may not write.
    this.#dependencies.statuses.forget(this.uid);
    this.wake();
  }

  #advance(facts: PodFacts): void {
    this.#state = advance(this.#state, facts);
    if (this.#state.phase !== 'syncing') this.#syncing.abort();
    if (this.#state.phase === 'terminated' || this.#state.phase === 'removed') this.#over.abort();
  }

  wake(): void {
    this.#dirty = true;
    this.#wake?.abort(early);
  }

  /**
   * What waits for its next try is tried now, and waits as after a first failure when it fails again. Returns what that
   * is; undefined: the pod ends, or has ended.
   */
  retry(): readonly RetriedStep[] | undefined {
    if (this.#isEnding()) return undefined;
    const { puller, backoff, clock } = this.#dependencies;
    const isHeldBack = this.#known.sandboxHeldBackMs(clock.monotonic()) > 0;
    const steps = waitingSteps({ waiting: this.#known.waiting, trouble: this.#trouble, isHeldBack });
    puller.forget(this.uid);
    backoff.forget(`${this.uid}/`);
    for (const { container } of steps) if (container !== undefined) this.#known.containerWaitsNoMore(container);
    this.#known.holdsNothingBack();
    this.#failures = 0;
    this.#configFailures = 0;
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
      this.#syncing.abort();
      this.wake();
    };
    signal.addEventListener('abort', end, { once: true });
    await this.#runSteps(signal);
    signal.removeEventListener('abort', end);
  }

  async #runSteps(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#dirty = false;
      let waitMs: number | undefined;
      const { clock, metrics } = this.#dependencies;
      const begunAt = clock.monotonic();
      const type = workTypes[this.#state.phase];
      try {
        waitMs = await this.#step(signal);
        metrics?.step(type, clock.monotonic() - begunAt);
        if (waitMs === undefined) return;
        this.#failures = 0;
        this.#trouble = undefined;
      } catch (error) {
        if (signal.aborted) return;
        const isAbort = error instanceof Error && error.name === 'AbortError';
        const wasCutShort = this.#syncing.signal.aborted && isAbort;
        if (!wasCutShort) {
          this.#failures += 1;
          this.#trouble = error;
          this.#logger.warn('A step for a pod failed; trying again', { error });
        }
        waitMs = wasCutShort || this.#dirty ? 0 : computeBackoffMs(this.#failures, retry);
      }
      await this.#sleep(waitMs);
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
    this.#advance({ nothingRuns: over, finished: !this.#isEnding() && isFinished(pod, known, this.#context()) });
    if (over && this.#state.phase === 'terminated') return await this.#finish(signal);
    const resizes = this.#isEnding() ? {} : this.#resizer.decide(pod, known);
    const context = { ...this.#context(), ...resizes };
    const decided = computePodActions(pod, known, context);
    const heldBackMs = this.#heldBackMs(decided);
    const actions = heldBackMs === undefined ? decided : decided.filter(({ type }) => type === 'refreshVolumes');
    if (!context.ending || causeOf(this.#state)?.type === 'finished') this.#forgetOldReasons(actions);
    this.#report(signal);
    const own = context.ending ? signal : this.#syncing.signal;
    const graceSeconds = failureOf(this.#state)?.graceSeconds;
    const input = { pod, known: this.#known, signal: own, ...(graceSeconds !== undefined && { graceSeconds }) };
    const work = sync.apply(actions, input);
    await this.#reportMeanwhile(work, { signal, mayLeave: actions.every(({ type }) => type !== 'stopContainer') });
    // Hooks and pulls may have taken long; what they changed is told at once.
    await this.#watchContainers();
    this.#report(signal);
    if (actions.some(({ type }) => !settlingActions.has(type))) return 0;
    return Math.min(heldBackMs ?? Number.POSITIVE_INFINITY, this.#nextLookMs(actions));
  }

  /** How long to do nothing, because the last sandboxes could not be made. */
  #heldBackMs(actions: readonly PodAction[]): number | undefined {
    const leftMs = this.#known.sandboxHeldBackMs(this.#dependencies.clock.monotonic());
    return leftMs > 0 && actions.some(({ type }) => type === 'createSandbox') ? leftMs : undefined;
  }

  #isEnding(): boolean {
    return this.#state.phase !== 'syncing';
  }

  #context(): PodContext {
    const { prober, backoff, clock, observed } = this.#dependencies;
    const stopReasons = new Map<string, StopReason>(this.#known.stopReasons);
    for (const { id } of observed.get(this.uid).containers) {
      const reason = prober.failedProbeOf(id);
      if (reason !== undefined) stopReasons.set(id, reason);
    }
    return {
      ending: this.#isEnding(),
      stopReasons,
      resizes: [],
      volumesDue: this.#hasVolumes() && this.#known.volumesDueInMs(clock.monotonic()) <= 0,
      isStarted: (id) => !this.#known.isInHook(id) && prober.isStarted(id),
      backOffOf: ({ name, status }) => {
        const finishedAt = status.type === 'exited' ? status.finishedAt : clock.now();
        const now = clock.monotonic();
        const endedAt = now - Math.max(0, clock.now() - finishedAt);
        const wait = backoff.waitOf(`${this.uid}/${name}`, { endedAt, now, maxMs: this.#restartPeriodMs() });
        return { ...wait, nextStartAt: finishedAt + wait.waitMs };
      },
    };
  }

  #restartPeriodMs(): number {
    return restartPeriodOf(this.#pod.metadata.annotations, this.#dependencies.maxRestartPeriodMs);
  }

  async #checkAdmission(): Promise<void> {
    if (this.#isEnding()) return;
    const refusal = await this.#dependencies.admission.admit(this.#pod);
    if (refusal === undefined || this.#isEnding()) return;
    this.#advance({ failure: { type: 'rejected', ...refusal } });
    const { reason, message } = refusal;
    this.#dependencies.recorder.record(eventSubject(this.#pod), { type: 'Warning', reason, message });
  }

  #checkDeadline(): void {
    const left = this.#deadlineLeftMs();
    if (left === undefined || left > 0 || this.#isEnding()) return;
    const reason = 'DeadlineExceeded';
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#advance({ failure: { type: 'failed', reason, message } });
    this.#dependencies.recorder.record(eventSubject(this.#pod), { type: 'Normal', reason, message });
  }

  #deadlineLeftMs(): number | undefined {
    const { spec } = this.#pod;
    const startTime = parseTime(this.#dependencies.statuses.withLatestStatus(this.#pod).status?.startTime);
    if (spec?.activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
    return startTime + spec.activeDeadlineSeconds * 1000 - this.#dependencies.clock.now();
  }

  async #watchContainers(): Promise<void> {
    const { observed, statuses } = this.#dependencies;
    const pod = statuses.withLatestStatus(this.#pod);
    await watchContainers(pod, observed.get(this.uid), this.#known, this.#dependencies);
  }

  /** A reason is told until the container has another one, or is about to be started. */
  #forgetOldReasons(actions: readonly PodAction[]): void {
    const waits = new Set(actions.flatMap((action) => ('name' in action ? [action.name] : [])));
    for (const [name, { reason }] of this.#known.waiting)
      if (
        !waits.has(name) ||
        (reason === 'CrashLoopBackOff' && actions.some((a) => a.type === 'startContainer' && a.name === name))
      )
        this.#known.containerWaitsNoMore(name);
  }

  #report(signal: AbortSignal): void {
    this.#reporter.report(this.#pod, this.#state, signal);
  }

  /**
   * A step that takes long (a pull, a hook, a grace period) is shown while it goes on, and the pod's deadline is
   * watched. Once the pod's life is over, waits end by themselves; a call that the runtime does not answer is left
   * behind then. Whatever comes of it is announced by who made it.
   */
  async #reportMeanwhile(
    work: Promise<void>,
    { signal, mayLeave }: { readonly signal: AbortSignal; readonly mayLeave: boolean },
  ): Promise<void> {
    const { clock } = this.#dependencies;
    const watchesLife = mayLeave && !this.#syncing.signal.aborted;
    const over = new AbortController();
    const patience = new AbortController();
    const giveUp = () => patience.abort(early);
    const ended = work.finally(() => {
      over.abort(early);
      patience.abort(early);
      this.#syncing.signal.removeEventListener('abort', giveUp);
    });
    ended.catch(() => undefined); // awaited below
    if (watchesLife) this.#syncing.signal.addEventListener('abort', giveUp, { once: true });
    for (let shown = 0; !over.signal.aborted; shown += 1) {
      await clock.sleep(this.#untilShownMs(shown), patience.signal);
      this.#checkDeadline();
      if (watchesLife && this.#syncing.signal.aborted) {
        await clock.sleep(leaveBehindMs, over.signal);
        if (!over.signal.aborted) throw this.#syncing.signal.reason;
      }
      if (!over.signal.aborted) this.#report(signal);
    }
    await ended;
  }

  #untilShownMs(shown: number): number {
    const nextMs = showEveryMs * 2 ** Math.min(shown, 4);
    const deadlineMs = this.#isEnding() ? undefined : this.#deadlineLeftMs();
    return Math.min(nextMs, Math.max(0, deadlineMs ?? nextMs));
  }

  async #finish(signal: AbortSignal): Promise<number | undefined> {
    const { statuses, devices, admission, cgroups } = this.#dependencies;
    devices.release(this.uid);
    admission.release(this.uid);
    if (objectFateOf(this.#state) === 'gone') {
      await removePod(this.uid, this.#dependencies);
      const { containers, sandboxes } = this.#dependencies.observed.get(this.uid);
      if (containers.length + sandboxes.length > 0) return 0; // started late, and announced while the rest went
      await cgroups.remove(this.uid);
      this.#advance({ nothingLeft: true });
      return undefined;
    }
    await cgroups.remove(this.uid);
    this.#reporter.reportEnd(this.#pod, this.#state, signal);
    if (!isPodTerminating(this.#pod) || objectFateOf(this.#state) === 'deleted') return Number.POSITIVE_INFINITY;
    await statuses.settled(this.uid);
    await statuses.deletePod(this.#pod);
    this.#advance({ objectDeleted: true });
    return Number.POSITIVE_INFINITY;
  }

  #nextLookMs(actions: readonly PodAction[]): number {
    const { clock, puller } = this.#dependencies;
    const now = clock.monotonic();
    const nextPull = puller.nextTry(this.uid);
    const waitingReasons = [...this.#known.waiting.values()].map(({ reason }) => reason);
    this.#configFailures = hasConfigFailure(waitingReasons) ? this.#configFailures + 1 : 0;
    const nextStartInMs = this.#known.nextStartInMs(now);
    return computeNextLookMs({
      actions,
      waitingReasons,
      startDecides: this.#decidesMore(actions),
      deadlineLeftMs: this.#isEnding() ? undefined : this.#deadlineLeftMs(),
      nextStartInMs,
      resizeInMs: this.#known.resizeTrouble && this.#known.resizeHeldBackMs(now),
      nextPullInMs: nextPull === undefined ? undefined : nextPull - now,
      volumesDueInMs: this.#hasVolumes() ? this.#known.volumesDueInMs(now) : undefined,
      configFailures: this.#configFailures,
    });
  }

  /** Also those that a kubelet before this one made: their files are to stay up to date as well. */
  #hasVolumes(): boolean {
    if ((this.#pod.spec?.volumes ?? []).length === 0 || this.#isEnding()) return false;
    const runs = sandboxOf(this.#dependencies.observed.get(this.uid))?.running ?? false;
    return runs || this.#known.volumes !== undefined;
  }

  /** Whether a start that was made decides what comes next: nobody will tell us of what we did ourselves. */
  #decidesMore(actions: readonly PodAction[]): boolean {
    const started = actions.filter((action) => action.type === 'startContainer');
    if (started.length === 0) return false;
    const { containers } = this.#dependencies.observed.get(this.uid);
    // A program that could not be run has ended; a sidecar lets those after it start.
    const hasEnded = containers.some(({ status }) => status.type !== 'running');
    return hasEnded || started.some(({ name }) => containerOf(this.#pod, name)?.sidecar);
  }

  /** The grace period became shorter while containers are ending. */
  #shortenStops(): void {
    const seconds = graceSecondsOf(this.#pod);
    for (const id of this.#known.stopping)
      this.#dependencies.runtime
        .stop(id, seconds)
        .catch((error: unknown) => this.#logger.warn('A container could not be stopped sooner', { error }));
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#dirty || ms <= 0) {
      await new Promise(setImmediate); // others get their turn
      return;
    }
    this.#wake = new AbortController();
    await this.#dependencies.clock.sleep(Math.min(ms, 2 ** 31 - 1), this.#wake.signal);
    this.#wake = undefined;
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
