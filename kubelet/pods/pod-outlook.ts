/**
 * What a pod worker knows beside its pod and what runs of it when it decides what to do, and when it looks again: waits,
 * back-offs, deadlines.
 */

import { restartPeriodOf } from '../../api/restart-period.ts';
import { parseTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import { containerOf, type PodObject, sandboxOf } from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { Prober } from '../probes/prober.ts';
import { computeNextLookMs, hasConfigFailure } from './next-look.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodAction, PodContext } from './pod-actions.ts';
import type { PodLife } from './pod-life.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import type { RestartBackoff } from './restart-backoff.ts';
import type { PodStatuses } from './status/pod-statuses.ts';

export interface PodOutlookDependencies {
  readonly prober: Pick<Prober, 'failedProbeOf' | 'isStarted'>;
  readonly backoff: RestartBackoff;
  readonly puller: Pick<ImagePuller, 'nextTry'>;
  readonly statuses: Pick<PodStatuses, 'withLatestStatus'>;
  readonly observed: Pick<ObservedPods, 'get'>;
  readonly clock: Clock;
  /** The longest wait of this node between two starts of a container. */
  readonly maxRestartPeriodMs: number;
}

export class PodOutlook {
  readonly #known: PodRuntimeState;
  readonly #life: Pick<PodLife, 'isEnding'>;
  readonly #dependencies: PodOutlookDependencies;
  /** How often in a row a container could not be made as it is written. */
  #configFailures = 0;

  constructor(known: PodRuntimeState, life: Pick<PodLife, 'isEnding'>, dependencies: PodOutlookDependencies) {
    this.#known = known;
    this.#life = life;
    this.#dependencies = dependencies;
  }

  /** What was in vain so far does not make the next wait longer. */
  forgetFailures(): void {
    this.#configFailures = 0;
  }

  /** How long to do nothing, because the last sandboxes could not be made. */
  heldBackMs(actions: readonly PodAction[]): number | undefined {
    const leftMs = this.#known.sandboxHeldBackMs(this.#dependencies.clock.monotonic());
    return leftMs > 0 && actions.some(({ type }) => type === 'createSandbox') ? leftMs : undefined;
  }

  /** What decides beside object and runtime, but for what a resize asks for. */
  context(pod: PodObject): PodContext {
    const { prober, backoff, clock, observed } = this.#dependencies;
    const stopReasons = new Map<string, StopReason>(this.#known.stopReasons);
    for (const { id } of observed.get(pod.metadata.uid).containers) {
      const reason = prober.failedProbeOf(id);
      if (reason !== undefined) stopReasons.set(id, reason);
    }
    return {
      ending: this.#life.isEnding,
      stopReasons,
      resizes: [],
      volumesDue: this.#hasVolumes(pod) && this.#known.volumesDueInMs(clock.monotonic()) <= 0,
      isStarted: (id) => !this.#known.isInHook(id) && prober.isStarted(id),
      backOffOf: ({ name, status }) => {
        const finishedAt = status.type === 'exited' ? status.finishedAt : clock.now();
        const now = clock.monotonic();
        const endedAt = now - Math.max(0, clock.now() - finishedAt);
        const wait = backoff.waitOf(`${pod.metadata.uid}/${name}`, { endedAt, now, maxMs: this.#restartPeriodMs(pod) });
        return { ...wait, nextStartAt: finishedAt + wait.waitMs };
      },
    };
  }

  #restartPeriodMs(pod: PodObject): number {
    return restartPeriodOf(pod.metadata.annotations, this.#dependencies.maxRestartPeriodMs);
  }

  /** Of `activeDeadlineSeconds`; undefined: it has none, or has not begun. */
  deadlineLeftMs(pod: PodObject): number | undefined {
    const { spec } = pod;
    const startTime = parseTime(this.#dependencies.statuses.withLatestStatus(pod).status?.startTime);
    if (spec?.activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
    return startTime + spec.activeDeadlineSeconds * 1000 - this.#dependencies.clock.now();
  }

  /** After a step that did this; infinity: something will wake it. */
  nextLookMs(pod: PodObject, actions: readonly PodAction[]): number {
    const { clock, puller } = this.#dependencies;
    const now = clock.monotonic();
    const nextPull = puller.nextTry(pod.metadata.uid);
    const waitingReasons = [...this.#known.waiting.values()].map(({ reason }) => reason);
    this.#configFailures = hasConfigFailure(waitingReasons) ? this.#configFailures + 1 : 0;
    const nextStartInMs = this.#known.nextStartInMs(now);
    return computeNextLookMs({
      actions,
      waitingReasons,
      startDecides: this.#decidesMore(pod, actions),
      deadlineLeftMs: this.#life.isEnding ? undefined : this.deadlineLeftMs(pod),
      nextStartInMs,
      resizeInMs: this.#known.resizeTrouble && this.#known.resizeHeldBackMs(now),
      nextPullInMs: nextPull === undefined ? undefined : nextPull - now,
      volumesDueInMs: this.#hasVolumes(pod) ? this.#known.volumesDueInMs(now) : undefined,
      configFailures: this.#configFailures,
    });
  }

  /** Also those that a kubelet before this one made: their files are to stay up to date as well. */
  #hasVolumes(pod: PodObject): boolean {
    if ((pod.spec?.volumes ?? []).length === 0 || this.#life.isEnding) return false;
    const runs = sandboxOf(this.#dependencies.observed.get(pod.metadata.uid))?.running ?? false;
    return runs || this.#known.volumes !== undefined;
  }

  /** Whether a start that was made decides what comes next: nobody will tell us of what we did ourselves. */
  #decidesMore(pod: PodObject, actions: readonly PodAction[]): boolean {
    const started = actions.filter((action) => action.type === 'startContainer');
    if (started.length === 0) return false;
    const { containers } = this.#dependencies.observed.get(pod.metadata.uid);
    // A program that could not be run has ended; a sidecar lets those after it start.
    const hasEnded = containers.some(({ status }) => status.type !== 'running');
    return hasEnded || started.some(({ name }) => containerOf(pod, name)?.sidecar);
  }

  /** A reason is told until the container has another one, or is about to be started. */
  forgetOldReasons(actions: readonly PodAction[]): void {
    const waits = new Set(actions.flatMap((action) => ('name' in action ? [action.name] : [])));
    for (const [name, { reason }] of this.#known.waiting)
      if (
        !waits.has(name) ||
        (reason === 'CrashLoopBackOff' && actions.some((a) => a.type === 'startContainer' && a.name === name))
      )
        this.#known.containerWaitsNoMore(name);
  }
}
