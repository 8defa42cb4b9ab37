/** Which pods of a workload count for what a metric says of it. Pure. */

import { podCondition } from '../../api/pods.ts';
import { parseTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

/** In thousandths. */
export interface PodMetric {
  readonly value: number;
  /** When it was measured, and over how long. */
  readonly at: number;
  readonly windowMs: number;
}

/** By the pod's name. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

export interface PodGroups {
  /** They serve, and were measured. */
  readonly ready: number;
  /** They start: what was measured says nothing yet. */
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
  /** They go, or have failed. */
  readonly ignored: ReadonlySet<string>;
}

/** What a pod's start takes of the processor says nothing of what it will need. */
const startingMs = 300_000;
const initialReadinessMs = 30_000;

export function groupPods(
  pods: readonly DeepReadonly<Pod>[],
  {
    metrics,
    resource,
    now,
  }: { readonly metrics: PodMetrics; readonly resource?: string | undefined; readonly now: number },
): PodGroups {
  const groups = { unready: new Set<string>(), missing: new Set<string>(), ignored: new Set<string>() };
  let ready = 0;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const metric = metrics.get(name);
    if (pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') groups.ignored.add(name);
    else if (pod.status?.phase === 'Pending') groups.unready.add(name);
    else if (metric === undefined) groups.missing.add(name);
    else if (resource === 'cpu' && isStarting(pod, metric, now)) groups.unready.add(name);
    else ready += 1;
  }
  return { ready, ...groups };
}

function isStarting(pod: DeepReadonly<Pod>, metric: PodMetric, now: number): boolean {
  const condition = podCondition(pod, 'Ready');
  const startedAt = parseTime(pod.status?.startTime);
  if (condition === undefined || startedAt === undefined) return true;
  const changedAt = parseTime(condition.lastTransitionTime) ?? 0;
  const isUnready = condition.status === 'False';
  if (startedAt + startingMs > now) return isUnready || metric.at < changedAt + metric.windowMs;
  // One that was ready once and is not now is overloaded rather than new.
  return isUnready && startedAt + initialReadinessMs > changedAt;
}
