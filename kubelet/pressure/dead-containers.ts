/** Which containers that ended may go. Pure. */

import type { PodObject } from '../model/pod.ts';
import { containersOf, runtimeIdOf, statusOf } from '../model/pod.ts';
import type { ContainerState } from '../runtime/runtime.ts';

export interface DeadContainerPolicy {
  readonly minimumAgeMs: number;
  /** Kept of each container of a pod, the newest of them; less than 0: all. */
  readonly mostPerContainer: number;
  /** Kept on the node; less than 0: all. */
  readonly most: number;
}

export interface EndedPod {
  /** As the API has it. */
  readonly pod: PodObject;
  /** Nothing of it runs any more, and nothing will. */
  readonly isOver: boolean;
}

export interface DeadContainersInput {
  readonly containers: readonly ContainerState[];
  /** Undefined: nobody works on it; who ends it removes it. */
  readonly podOf: (uid: string) => EndedPod | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/**
 * The ids of those that may go, the oldest first. Of a pod that goes on only what the API knows the end of: from then on
 * its status remembers it, and nothing is started or counted anew.
 */
export function chooseDeadContainers(input: DeadContainersInput, policy: DeadContainerPolicy): string[] {
  const dead = input.containers
    .filter((container) => isKnownDead(container, input) && input.now - container.createdAt >= policy.minimumAgeMs)
    .sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt);
  const isOfSame = (a: ContainerState, b: ContainerState) => a.pod.uid === b.pod.uid && a.name === b.name;
  const surplus = dead.filter((one) =>
    beyond(
      dead.filter((other) => isOfSame(one, other)),
      policy.mostPerContainer,
    ).includes(one),
  );
  const gone = new Set(surplus);
  const rest = dead.filter((one) => !gone.has(one));
  return [...surplus, ...beyond(rest, policy.most)].sort((a, b) => a.createdAt - b.createdAt).map(({ id }) => id);
}

const beyond = <T>(newestFirst: readonly T[], most: number): readonly T[] => (most < 0 ? [] : newestFirst.slice(most));

function isKnownDead({ id, pod: { uid }, name, status }: ContainerState, { podOf }: DeadContainersInput): boolean {
  const known = podOf(uid);
  if (status.type !== 'exited' || known === undefined) return false;
  const { pod, isOver } = known;
  if (isOver) return true;
  const container = containersOf(pod).find(({ spec }) => spec.name === name);
  const shown = container && statusOf(pod, container);
  const ends = [shown?.state?.terminated?.containerID, shown?.lastState?.terminated?.containerID];
  return ends.some((end) => end !== undefined && runtimeIdOf(end) === id);
}
