/** How many pods of a Deployment there may be, and have to be available, while it rolls. Pure. */

import { scaleIntOrPercent } from '../../../api/int-or-percent.ts';
import type { DeploymentSpec } from '../../../api/types/apps/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

export interface RolloutBounds {
  readonly replicas: number;
  /** Pods that there may be beyond `replicas`. */
  readonly maxSurge: number;
  /** Pods of `replicas` that need not be available. */
  readonly maxUnavailable: number;
}

/**
 * A surge is rounded up, what may be missing is rounded down; where both come to nothing one pod may be missing, because
 * nothing would move otherwise.
 */
export function computeBounds(spec: DeepReadonly<DeploymentSpec> | undefined): RolloutBounds {
  const { replicas = 1, strategy } = spec ?? {};
  if (strategy?.type !== 'RollingUpdate') return { replicas, maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = 0, maxUnavailable = 0 } = strategy.rollingUpdate ?? {};
  const surge = scaleIntOrPercent(maxSurge, replicas, 'up');
  const missing = scaleIntOrPercent(maxUnavailable, replicas, 'down');
  const atLeastOne = surge === 0 && missing === 0 ? 1 : missing;
  return { replicas, maxSurge: surge, maxUnavailable: Math.min(atLeastOne, replicas) };
}
