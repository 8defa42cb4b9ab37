/** When ready pods count as available. Pure. */

import { isPodReady, podCondition } from '../../api/pods.ts';
import { parseTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

/** Milliseconds until the pod has been ready for `minReadySeconds`: 0 when it has; undefined when it is not ready. */
export function msUntilAvailable(pod: Cached<Pod>, minReadySeconds: number, now: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime);
  return since === undefined ? undefined : Math.max(0, since + minReadySeconds * 1000 - now);
}

/** Time alone makes a ready pod available: milliseconds until the next does; undefined when none is on its way. */
export function msUntilNextAvailable(
  pods: readonly Cached<Pod>[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  const waits = pods.flatMap((pod) => msUntilAvailable(pod, minReadySeconds, now) ?? []).filter((wait) => wait > 0);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}
