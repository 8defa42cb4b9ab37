/** What a StatefulSet says of its pods. Pure. */

import { isPodTerminating } from '../../../api/pods.ts';
import type { StatefulSet, StatefulSetStatus } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { computeRefusedConditions } from '../refused-condition.ts';
import { revisionLabel } from './identity.ts';
import { isRunningAndAvailable, isRunningAndReady } from './stateful-plan.ts';

export interface StatefulObservation {
  readonly set: Cached<StatefulSet>;
  readonly pods: readonly Cached<Pod>[];
  readonly current: string;
  readonly update: string;
  readonly collisionCount: number;
  /** Pods that were deleted just now because they are outdated. */
  readonly replaced: readonly Cached<Pod>[];
  /** Why the API server refuses the pods, for good. */
  readonly refusal?: string | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/** A count of 0 is left out, but for those that the API always shows. */
export function computeStatefulStatus(observed: StatefulObservation): StatefulSetStatus {
  const { set, pods, current, update, collisionCount, replaced, now } = observed;
  const count = (matches: (pod: Cached<Pod>) => boolean) => pods.filter(matches).length;
  const isOf = (revision: string) => (pod: Cached<Pod>) =>
    !isPodTerminating(pod) && pod.metadata.labels?.[revisionLabel] === revision;
  const readyReplicas = count(isRunningAndReady);
  const updatedReplicas = count(isOf(update));
  const isComplete =
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    updatedReplicas === pods.length &&
    readyReplicas === pods.length;
  const stillCurrent = count(isOf(current)) - replaced.filter(isOf(current)).length;
  const currentReplicas = isComplete ? updatedReplicas : Math.max(0, stillCurrent);
  const conditions = computeRefusedConditions(set.status?.conditions, observed.refusal, now);
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    ...(readyReplicas > 0 && { readyReplicas }),
    ...(currentReplicas > 0 && { currentReplicas }),
    ...(updatedReplicas > 0 && { updatedReplicas }),
    currentRevision: isComplete ? update : current,
    updateRevision: update,
    collisionCount,
    ...(conditions.length > 0 && { conditions }),
    availableReplicas: count((pod) => isRunningAndAvailable(pod, set, now)),
  };
}
