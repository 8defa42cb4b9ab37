/**
 * What the API's status of a pod remembers of containers that the runtime no longer has: somebody removed them
 * (`docker container prune`), or the engine lost them. Pure.
 *
 * A container that had ended, ended so; one that ran has ended in an unknown way. They join what was observed, so that
 * who decides about a pod and who shows it need not know the difference.
 */

import { parseTime } from '../../api/time.ts';
import type { ContainerStatus } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import {
  containersOf,
  identityOf,
  type KnownContainer,
  type ObservedPod,
  type PodContainer,
  type PodObject,
  runtimeIdOf,
  sandboxOf,
  specHashOf,
  statusOf,
  type Termination,
} from '../model/pod.ts';
import type { SandboxState } from '../runtime/runtime.ts';

const lost: Termination = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container was removed while it ran: how it ended is not known',
};

/** `observed`, and for each container that only the status knows, that it ended. */
export function withRemembered(pod: PodObject, observed: ObservedPod): ObservedPod {
  const present = new Set(observed.containers.map(({ name }) => name));
  const remembered = containersOf(pod)
    .filter(({ spec }) => !present.has(spec.name))
    .map((container) => remember(container, pod, sandboxOf(observed)))
    .filter((one) => one !== undefined);
  return remembered.length === 0 ? observed : { ...observed, containers: [...observed.containers, ...remembered] };
}

function remember(
  container: PodContainer,
  pod: PodObject,
  sandbox: SandboxState | undefined,
): KnownContainer | undefined {
  const status = statusOf(pod, container);
  const termination = status && terminationOf(status);
  if (status === undefined || termination === undefined) return undefined;
  const startedAt = parseTime(termination.startedAt ?? status.state?.running?.startedAt) ?? 0;
  const finishedAt = parseTime(termination.finishedAt) ?? 0;
  return {
    id: runtimeIdOf(termination.containerID ?? status.containerID ?? ''),
    pod: identityOf(pod),
    name: container.spec.name,
    kind: container.kind,
    attempt: Math.max(0, status.containerID === undefined ? status.restartCount - 1 : status.restartCount),
    specHash: specHashOf(container),
    sandboxId: isOf(sandbox, Math.max(startedAt, finishedAt)) ? sandbox.id : '',
    imageName: status.image,
    imageId: status.imageID,
    annotations: {},
    createdAt: startedAt,
    status: { type: 'exited', startedAt, finishedAt, exitCode: termination.exitCode, outOfMemory: false },
    remembered: termination,
  };
}

/** How the newest attempt ended; undefined: there was none. */
function terminationOf({ state, lastState }: DeepReadonly<ContainerStatus>): Termination | undefined {
  if (state?.running !== undefined) return lost;
  return state?.terminated ?? lastState?.terminated;
}

/** Times in a status are whole seconds. */
const isOf = (sandbox: SandboxState | undefined, time: number): sandbox is SandboxState =>
  sandbox !== undefined && time >= Math.floor(sandbox.createdAt / 1000) * 1000;
