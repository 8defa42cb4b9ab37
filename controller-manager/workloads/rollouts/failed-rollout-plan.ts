/** Whether the rollout of a Deployment has failed, why, and what it goes back to. Pure. */

import { goQuote } from '../../../api/go-text.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { conditionOf, reasons } from '../deployments/deployment-conditions.ts';
import { compareRevisions, failedRevisionAnnotation, revisionOf, type SetHistory } from '../deployments/set-history.ts';
import { failureWatchOf } from './failure-watch.ts';
import { crashIn, troubleOf } from './pod-trouble.ts';

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
