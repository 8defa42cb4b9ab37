/** What the API is told of one pod: its status, as it stands and as it ended. */

import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import type { PodStatus } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { withResized } from '../containers/allocated-resources.ts';
import type { PodObject } from '../model/pod.ts';
import type { Prober } from '../probes/prober.ts';
import type { NodeRuntime } from '../runtime/runtime.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import { failureOf, isRejected, objectFateOf, type PodState } from './pod-state.ts';
import { withRemembered } from './remembered-containers.ts';
import { computePodStatus, computeRejectedStatus } from './status/pod-status.ts';
import type { PodStatuses } from './status/pod-statuses.ts';

export interface PodReporterDependencies {
  readonly runtime: Pick<NodeRuntime, 'name'>;
  readonly observed: Pick<ObservedPods, 'get'>;
  readonly prober: Pick<Prober, 'isReady' | 'isStarted'>;
  readonly statuses: Pick<PodStatuses, 'set' | 'withLatestStatus'>;
  readonly volumes: Pick<Volumes, 'folderOf'>;
  readonly clock: Clock;
  readonly nodeIp: string;
}

/** Reasons to wait that time, or the container's own start, will end; others are tried again. */
export const transientReasons: ReadonlySet<string> = new Set([
  'ContainerCreating',
  'PodInitializing',
  'CrashLoopBackOff',
]);

export class PodReporter {
  readonly #known: PodRuntimeState;
  readonly #dependencies: PodReporterDependencies;

  constructor(known: PodRuntimeState, dependencies: PodReporterDependencies) {
    this.#known = known;
    this.#dependencies = dependencies;
  }

  /** How it stands now; nothing of a pod that was declared over or whose object is gone. */
  report(object: PodObject, state: PodState, signal: AbortSignal): void {
    const { statuses } = this.#dependencies;
    const pod = statuses.withLatestStatus(object);
    if (objectFateOf(state) === 'gone' || isPodFinished(pod)) return;
    const status = this.#statusOf(pod, state, { over: false });
    const starting =
      status.phase === 'Pending' &&
      [...this.#known.waiting.values()].every(({ reason }) => transientReasons.has(reason));
    statuses.set(object, status, { coalesce: starting }, signal);
  }

  /** How it ended, once nothing of it runs. */
  reportEnd(object: PodObject, state: PodState, signal: AbortSignal): void {
    const { statuses } = this.#dependencies;
    const pod = statuses.withLatestStatus(object);
    if (isPodFinished(pod)) return;
    statuses.set(object, this.#statusOf(pod, state, { over: true }), { coalesce: false }, signal);
  }

  #statusOf(pod: PodObject, state: PodState, { over }: { readonly over: boolean }): PodStatus {
    const { runtime, observed, prober, volumes, clock, nodeIp } = this.#dependencies;
    const known = this.#known;
    const failure = failureOf(state);
    if (over && failure !== undefined && isRejected(state))
      return computeRejectedStatus(pod, { ...failure, now: clock.now() });
    return computePodStatus(pod, withResized(withRemembered(pod, observed.get(pod.metadata.uid)), known.resized), {
      waiting: known.waiting,
      terminationMessages: known.terminationMessages,
      runtimeName: runtime.name,
      podFolder: volumes.folderOf(pod.metadata.uid),
      isReady: (id) => prober.isReady(id) && !known.isInHook(id),
      isStarted: (id) => prober.isStarted(id) && !known.isInHook(id),
      isInHook: (id) => known.isInHook(id),
      ended: over && (failure !== undefined || isPodTerminating(pod)),
      ending: state.phase !== 'syncing',
      over,
      nodeIp,
      podResources: known.podResources,
      ...(known.resizeTrouble && { resizeTrouble: known.resizeTrouble }),
      ...(failure !== undefined && { failure }),
      now: clock.now(),
    });
  }
}
