/** The conditions of a Deployment: how one is written, and when its times move. Pure. */

import { formatTime } from '../../../api/time.ts';
import type { DeploymentCondition } from '../../../api/types/apps/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

export type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure';

type Conditions = readonly DeepReadonly<DeploymentCondition>[];

export interface ConditionNews {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export const reasons = {
  /** Progressing. */
  created: 'NewReplicaSetCreated',
  createFailed: 'ReplicaSetCreateError',
  found: 'FoundNewReplicaSet',
  updated: 'ReplicaSetUpdated',
  complete: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
  /** Available. */
  available: 'MinimumReplicasAvailable',
  unavailable: 'MinimumReplicasUnavailable',
} as const;

export const conditionOf = (
  conditions: Conditions | undefined,
  type: ConditionType,
): DeepReadonly<DeploymentCondition> | undefined => conditions?.find((condition) => condition.type === type);

/**
 * With `news` as the last one. What is told already, in other words perhaps, stays as it is; the time of the last
 * transition moves only when the status does.
 */
export function withCondition(conditions: Conditions, news: ConditionNews, now: number): Conditions {
  const known = conditionOf(conditions, news.type);
  return known?.status === news.status && known.reason === news.reason
    ? conditions
    : withNewerCondition(conditions, news, now);
}

/** As above, and the time of the last update moves even when nothing else does: something has happened. */
export function withNewerCondition(conditions: Conditions, news: ConditionNews, now: number): Conditions {
  const known = conditionOf(conditions, news.type);
  const time = formatTime(now);
  const since = known?.status === news.status ? (known.lastTransitionTime ?? time) : time;
  return [...withoutCondition(conditions, news.type), { ...news, lastUpdateTime: time, lastTransitionTime: since }];
}

export const withoutCondition = (conditions: Conditions, type: ConditionType): Conditions =>
  conditions.filter((condition) => condition.type !== type);
