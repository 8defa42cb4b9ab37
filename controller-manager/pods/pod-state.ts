/** Questions about one pod that several loops ask. Pure. */

import type { Pod, PodCondition } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

export function podCondition({ status }: Cached<Pod>, type: string): DeepReadonly<PodCondition> | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Cached<Pod>): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Succeeded or Failed: its containers never run again. */
export function isPodTerminal({ status }: Cached<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Neither over nor being deleted: what counts as a replica. */
export function isPodActive(pod: Cached<Pod>): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Milliseconds until the pod has been ready for `minReadySeconds`: 0 when it has; undefined when it is not ready. */
export function msUntilAvailable(pod: Cached<Pod>, minReadySeconds: number, now: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = podCondition(pod, 'Ready')?.lastTransitionTime;
  return since === undefined ? undefined : Math.max(0, Date.parse(since) + minReadySeconds * 1000 - now);
}
