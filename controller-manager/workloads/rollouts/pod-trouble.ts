/** What keeps the pods of a rollout from serving, as their containers tell it. Pure. */

import { isPodReady } from '../../../api/pods.ts';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';

/** The first container that was restarted so often, of a pod that is not ready. */
export function crashIn(pods: readonly Cached<Pod>[], limit: number): string | undefined {
  const crashed = pods
    .filter((pod) => !isPodReady(pod))
    .flatMap((pod) => statusesOf(pod).map((status) => ({ pod, status })))
    .find(({ status }) => status.restartCount >= limit);
  if (crashed === undefined) return undefined;
  const { pod, status } = crashed;
  return `Container ${status.name} of pod ${pod.metadata.name} has been restarted ${status.restartCount} times${endOf(status)}.`;
}

/** What keeps the first pod that is not ready, as its containers tell it. */
export function troubleOf(pods: readonly Cached<Pod>[]): string | undefined {
  const [found] = pods
    .filter((pod) => !isPodReady(pod))
    .flatMap((pod) =>
      statusesOf(pod).flatMap(({ name, state }) =>
        state?.waiting?.reason === undefined ? [] : [{ pod, name, waiting: state.waiting }],
      ),
    );
  if (found === undefined) return undefined;
  const { reason, message } = found.waiting;
  return `Container ${found.name} of pod ${found.pod.metadata.name}: ${[reason, message].filter(Boolean).join(': ')}`;
}

const statusesOf = ({ status }: Cached<Pod>): readonly DeepReadonly<ContainerStatus>[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

function endOf({ lastState, state }: DeepReadonly<ContainerStatus>): string {
  const end = state?.terminated ?? lastState?.terminated;
  return end === undefined ? '' : `, last with exit code ${end.exitCode} (${end.reason ?? 'Error'})`;
}
