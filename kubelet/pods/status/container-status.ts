/** The status of one container, from the attempts at it that the runtime has. Pure. */

import { formatTime } from '../../../api/time.ts';
import type {
  ContainerState as ApiState,
  ContainerStateTerminated,
  ContainerStatus,
} from '../../../api/types/core/v1.ts';
import { cutText } from '../../../base/cut-text.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { allocatedResourcesOf, requestsOf } from '../../containers/allocated-resources.ts';
import { containerAnnotations } from '../../containers/container-config.ts';
import { absoluteInContainer } from '../../containers/volume-mounts.ts';
import { withoutNodePaths } from '../../model/node-paths.ts';
import {
  type AllocatedResources,
  attemptsOf,
  type ContainerSpec,
  containerIdOf,
  containersOf,
  type KnownContainer,
  type ObservedPod,
  type PodContainer,
  type PodObject,
  runtimeIdOf,
  statusOf,
} from '../../model/pod.ts';
import type { ContainerState } from '../../runtime/runtime.ts';

export interface WaitingReason {
  readonly reason: string;
  readonly message?: string | undefined;
}

/** What the kubelet knows of a pod's containers beside what runs. */
export interface ContainerFacts {
  /** Why a container does not run, by its name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** By container id. */
  readonly terminationMessages: ReadonlyMap<string, string>;
  /** Where its files lie on the node, which is not shown. */
  readonly podFolder: string;
  /** What container ids begin with. */
  readonly runtimeName: string;
  isReady(containerId: string): boolean;
  /** Its startup probe passed. */
  isStarted(containerId: string): boolean;
  /** Its postStart hook still runs: for users it is not there yet. */
  isInHook(containerId: string): boolean;
  /** All of the pod was ended by us: what did not run never will. */
  readonly ended: boolean;
}

/** In bytes: all messages of a pod together stay below this. */
const messagesLimit = 12 * 1024;
/** Of why one container waits: a registry or a driver may say megabytes, and the API would refuse the whole status. */
const waitingLimit = { least: 1024, most: 4096 };

export function computeContainerStatus(
  container: PodContainer,
  pod: PodObject,
  observed: ObservedPod,
  facts: ContainerFacts,
): ContainerStatus {
  const { spec, kind } = container;
  const [newest, earlier] = attemptsOf(observed, spec.name);
  const known = statusOf(pod, container);
  const waiting = facts.waiting.get(spec.name);
  const state = computeState(container, newest, pod, facts);
  const isRunning = state.running !== undefined;
  const shownBefore =
    newest?.status.type === 'exited' && state.terminated?.containerID === undefined ? newest : earlier;
  const last = shownBefore && terminationOf(shownBefore, pod, facts);
  const lastState = last === undefined ? lastKnown(known, newest) : { terminated: last };
  const succeeded = newest?.status.type === 'exited' && newest.status.exitCode === 0;
  const hidden =
    newest === undefined || (newest.status.type === 'running' && !isRunning) || newest.status.type === 'created';
  const isSidecarOrMain = container.sidecar || kind === 'main';
  const started = isRunning && newest !== undefined && (!isSidecarOrMain || facts.isStarted(newest.id));
  const ready = isSidecarOrMain
    ? isRunning && newest !== undefined && facts.isReady(newest.id)
    : kind === 'init' && succeeded && waiting === undefined;
  return {
    name: spec.name,
    image: (hidden ? undefined : newest?.imageName) || (spec.image ?? ''),
    imageID: hidden ? '' : (newest?.imageId ?? ''),
    ...(hidden ? {} : { containerID: containerIdOf(facts.runtimeName, newest?.id ?? '') }),
    ready,
    ...(kind !== 'ephemeral' && { started }),
    restartCount: Math.max(newest?.attempt ?? 0, known?.restartCount ?? 0),
    state,
    lastState: structuredClone(lastState),
    ...(hidden ? {} : computeResources(allocatedResourcesOf(container, pod, observed))),
    ...computeVolumeMounts(spec, newest),
  };
}

function computeState(
  container: PodContainer,
  newest: KnownContainer | undefined,
  pod: PodObject,
  facts: ContainerFacts,
): ApiState {
  const waiting = facts.waiting.get(container.spec.name);
  if (newest?.status.type === 'running' && !facts.isInHook(newest.id))
    return { running: { startedAt: formatTime(newest.status.startedAt) } };
  if (
    newest?.status.type === 'exited' &&
    (waiting === undefined || facts.ended) &&
    !(facts.ended && waiting !== undefined)
  )
    return { terminated: terminationOf(newest, pod, facts) ?? { exitCode: 0 } };
  if (facts.ended) return { terminated: neverSeen };
  const { reason, message } = waiting ?? { reason: 'ContainerCreating' };
  return { waiting: { reason, ...(message !== undefined && { message: cutWaiting(message, pod) }) } };
}

function cutWaiting(message: string, pod: PodObject): string {
  const { least, most } = waitingLimit;
  const share = Math.min(most, Math.max(least, Math.floor(messagesLimit / containersOf(pod).length)));
  return cutText(Buffer.from(message.slice(0, share)), share).toString();
}

const neverSeen: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

/** The end before the present attempt, of which the runtime has nothing any more. */
function lastKnown(
  known: DeepReadonly<ContainerStatus> | undefined,
  newest: KnownContainer | undefined,
): DeepReadonly<ApiState> {
  const isOlder = newest !== undefined && runtimeIdOf(known?.containerID ?? '') !== newest.id;
  return isOlder && known?.state?.terminated !== undefined ? known.state : (known?.lastState ?? {});
}

function terminationOf(
  { id, status, remembered }: KnownContainer,
  pod: PodObject,
  { terminationMessages, runtimeName, podFolder }: ContainerFacts,
): ContainerStateTerminated | undefined {
  if (remembered !== undefined) return { ...remembered };
  if (status.type !== 'exited') return undefined;
  const shareBytes = Math.floor(messagesLimit / containersOf(pod).length);
  const message =
    status.startError === undefined ? terminationMessages.get(id) : withoutNodePaths(status.startError, podFolder);
  return {
    exitCode: status.exitCode,
    reason: terminationReason(status),
    ...(message !== undefined && message !== '' && { message: cutText(Buffer.from(message), shareBytes).toString() }),
    startedAt: formatTime(status.startedAt),
    finishedAt: formatTime(status.finishedAt),
    containerID: containerIdOf(runtimeName, id),
  };
}

function terminationReason(status: Extract<ContainerState['status'], { type: 'exited' }>): string {
  if (status.startError !== undefined) return 'StartError';
  // The kernel tells every container of a group that ran out of memory, also those that it let live.
  if (status.exitCode === 0) return 'Completed';
  return status.outOfMemory ? 'OOMKilled' : 'Error';
}

/** What is in force, be it what the spec asks for or not. */
export function computeResources(
  allocated: AllocatedResources,
): Pick<ContainerStatus, 'resources' | 'allocatedResources'> {
  const { limits = {} } = allocated;
  const requests = requestsOf(allocated);
  if (Object.keys(requests).length === 0) return {};
  return {
    resources: { ...(Object.keys(limits).length > 0 && { limits: { ...limits } }), requests },
    allocatedResources: requests,
  };
}

function computeVolumeMounts({ volumeMounts = [] }: ContainerSpec, newest: KnownContainer | undefined): object {
  if (volumeMounts.length === 0) return {};
  const recursive = recursiveMountsOf(newest);
  const mounts = volumeMounts.map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly && {
      readOnly,
      recursiveReadOnly: recursive.includes(absoluteInContainer(mountPath)) ? 'Enabled' : 'Disabled',
    }),
  }));
  return { volumeMounts: mounts };
}

/** Paths in it. */
function recursiveMountsOf(container: KnownContainer | undefined): readonly unknown[] {
  const paths: unknown = JSON.parse(container?.annotations[containerAnnotations.recursiveReadOnly] ?? '[]');
  return Array.isArray(paths) ? paths : [];
}
