/** Whether the rollout of a Deployment has failed, why, and what it goes back to. Pure. */

import { goQuote } from '../../../api/go-text.ts';
import { isPodReady } from '../../../api/pods.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { conditionOf, reasons } from '../deployments/deployment-conditions.ts';
import { compareRevisions, failedRevisionAnnotation, revisionOf, type SetHistory } from '../deployments/set-history.ts';

/** On a Deployment: a rollout that exceeds its progress deadline goes back by itself. */
export const rollBackAnnotation = 'longshore.dev/roll-back-on-failure';
/** Also one whose containers crash so often, long before the deadline perhaps. */
export const rollBackAfterCrashesAnnotation = 'longshore.dev/roll-back-after-crashes';

export interface FailureWatch {
  readonly deadline: boolean;
  /** Undefined: crashes are not counted. */
  readonly crashes: number | undefined;
}

/** What of its rollouts' failures a Deployment wants to be saved from; undefined: nothing. */
export function failureWatchOf({ metadata }: Cached<Deployment>): FailureWatch | undefined {
  const text = metadata.annotations?.[rollBackAfterCrashesAnnotation] ?? '';
  const crashes = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
  const deadline = metadata.annotations?.[rollBackAnnotation] === 'true';
  return deadline || crashes !== undefined ? { deadline, crashes } : undefined;
}

/**
 * Why the rollout under way has failed; undefined: it has not, or nothing is known yet of what the Deployment says now.
 * `pods`: those of the current ReplicaSet.
 */
export function failureOf(
  deployment: Cached<Deployment>,
  { current }: SetHistory,
  pods: readonly Cached<Pod>[],
): string | undefined {
  const { metadata, spec, status } = deployment;
  const watch = failureWatchOf(deployment);
  const isLate = (status?.observedGeneration ?? 0) < (metadata.generation ?? 0);
  if (watch === undefined || current === undefined || isLate || spec?.paused === true) return undefined;
  const progress = conditionOf(status?.conditions, 'Progressing');
  // After a rollback the condition tells of the failed ReplicaSet for a while.
  const isOfCurrent = progress?.message?.includes(goQuote(current.metadata.name)) ?? false;
  if (isOfCurrent && progress?.reason === reasons.complete) return undefined;
  if (watch.deadline && isOfCurrent && progress?.reason === reasons.timedOut)
    return [progress.message, troubleOf(pods)].filter((text) => text !== undefined).join(' ');
  return watch.crashes === undefined ? undefined : crashIn(pods, watch.crashes);
}

function crashIn(pods: readonly Cached<Pod>[], limit: number): string | undefined {
  const crashed = pods
    .filter((pod) => !isPodReady(pod))
    .flatMap((pod) => statusesOf(pod).map((status) => ({ pod, status })))
    .find(({ status }) => status.restartCount >= limit);
  if (crashed === undefined) return undefined;
  const { pod, status } = crashed;
  return `Container ${status.name} of pod ${pod.metadata.name} has been restarted ${status.restartCount} times${endOf(status)}.`;
}

/** What keeps the first pod that is not ready, as its containers tell it. */
function troubleOf(pods: readonly Cached<Pod>[]): string | undefined {
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

/** Those that still serve before the others; then the newest. One that has failed as what it is now is none. */
export function rollbackTargetOf({ old }: SetHistory): Cached<ReplicaSet> | undefined {
  const candidates = old.filter(
    (set) =>
      set.metadata.deletionTimestamp === undefined &&
      (revisionOf(set) ?? 0n) > 0n &&
      set.metadata.annotations?.[failedRevisionAnnotation] !== String(revisionOf(set)),
  );
  const serves = (set: Cached<ReplicaSet>) => Number((set.status?.availableReplicas ?? 0) > 0);
  const [first] = candidates.sort((a, b) => serves(b) - serves(a) || compareRevisions(b, a));
  return first;
}
