/** What a ReplicaSet or ReplicationController says of its pods. Pure. */

import { isPodReady } from '../../../api/pods.ts';
import { formatTime } from '../../../api/time.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { msUntilAvailable } from '../../pods/pod-availability.ts';

export interface ReplicaCondition {
  type: string;
  status: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

/** The common part of both kinds' status; a count of 0 is left out except in `replicas`. */
export interface ReplicaStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  conditions?: ReplicaCondition[];
}

export interface ReplicaObservation {
  readonly previous: DeepReadonly<ReplicaStatus> | undefined;
  readonly generation: number | undefined;
  readonly templateLabels: Readonly<Record<string, string>>;
  readonly minReadySeconds: number;
  readonly activePods: readonly Cached<Pod>[];
  /** Absent for a kind whose status does not have it. */
  readonly terminatingPods?: number;
  /** Why the last attempt to make or delete pods failed. */
  readonly failure?: { readonly reason: 'FailedCreate' | 'FailedDelete'; readonly message: string } | undefined;
  readonly now: number;
}

export function computeReplicaStatus(observed: ReplicaObservation): ReplicaStatus {
  const { activePods, templateLabels, minReadySeconds, now, generation, terminatingPods } = observed;
  const wanted = Object.entries(templateLabels);
  const count = (matches: (pod: Cached<Pod>) => boolean) => activePods.filter(matches).length;
  const fullyLabeledReplicas = count(({ metadata }) => wanted.every(([k, v]) => metadata.labels?.[k] === v));
  const readyReplicas = count(isPodReady);
  const availableReplicas = count((pod) => msUntilAvailable(pod, minReadySeconds, now) === 0);
  const conditions = computeConditions(observed);
  return {
    replicas: activePods.length,
    ...(fullyLabeledReplicas > 0 && { fullyLabeledReplicas }),
    ...(readyReplicas > 0 && { readyReplicas }),
    ...(availableReplicas > 0 && { availableReplicas }),
    ...(terminatingPods !== undefined && { terminatingReplicas: terminatingPods }),
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(conditions.length > 0 && { conditions }),
  };
}

/** A failure that is known already keeps its time and words; it goes once an attempt succeeds. */
function computeConditions({ previous, failure, now }: ReplicaObservation): ReplicaCondition[] {
  const conditions = (previous?.conditions ?? []).map((condition) => ({ ...condition }));
  const others = conditions.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  if (others.length < conditions.length) return conditions;
  const lastTransitionTime = formatTime(now);
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime, ...failure }];
}
