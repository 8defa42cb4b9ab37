/** What a DaemonSet says of its pods. Pure. */

import { isPodReady } from '../../../api/pods.ts';
import type { DaemonSetStatus } from '../../../api/types/apps/v1.ts';
import { msUntilAvailable } from '../../pods/pod-availability.ts';
import { computeRefusedConditions } from '../refused-condition.ts';
import type { DaemonWorld, NodeView } from './daemon-plan.ts';

export interface DaemonObservation {
  readonly world: DaemonWorld;
  readonly views: readonly NodeView[];
  readonly collisionCount: number;
  /** What is asked for now has been acted on. */
  readonly acted: boolean;
  /** Why the API server refuses the pods, for good. */
  readonly refusal?: string | undefined;
}

/** Of each node its oldest pod counts. A count of 0 is left out, but for those that the API always shows. */
export function computeDaemonStatus(observed: DaemonObservation): DaemonSetStatus {
  const { world, views, collisionCount, acted } = observed;
  const { set, now } = world;
  const wanted = views.filter(({ placement }) => placement?.shouldRun);
  const heads = wanted.flatMap(({ pods }) => pods[0] ?? []);
  const ready = heads.filter(isPodReady);
  const available = ready.filter((pod) => msUntilAvailable(pod, set.spec?.minReadySeconds ?? 0, now) === 0).length;
  const updated = heads.filter((pod) => world.isUpdated(pod)).length;
  const misscheduled = views.filter(({ placement, pods }) => placement?.shouldRun === false && pods.length > 0);
  const observedGeneration = acted ? set.metadata.generation : set.status?.observedGeneration;
  const conditions = computeRefusedConditions(set.status?.conditions, observed.refusal, now);
  return {
    currentNumberScheduled: heads.length,
    numberMisscheduled: misscheduled.length,
    desiredNumberScheduled: wanted.length,
    numberReady: ready.length,
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(updated > 0 && { updatedNumberScheduled: updated }),
    ...(available > 0 && { numberAvailable: available }),
    ...(wanted.length > available && { numberUnavailable: wanted.length - available }),
    ...(collisionCount > 0 && { collisionCount }),
    ...(conditions.length > 0 && { conditions }),
  };
}
