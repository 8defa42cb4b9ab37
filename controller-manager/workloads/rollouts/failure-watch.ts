/** Which failures of its rollouts a workload wants to be saved from, by its annotations. Pure. */

import type { DaemonSet, Deployment, StatefulSet } from '../../../api/types/apps/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';

type Workload = Cached<Deployment> | Cached<StatefulSet> | Cached<DaemonSet>;

/** A rollout that exceeds its progress deadline goes back by itself. */
export const rollBackAnnotation = 'longshore.dev/roll-back-on-failure';
/** Also one whose containers crash so often, long before the deadline perhaps. */
export const rollBackAfterCrashesAnnotation = 'longshore.dev/roll-back-after-crashes';

export interface FailureWatch {
  readonly deadline: boolean;
  /** Undefined: crashes are not counted. */
  readonly crashes: number | undefined;
}

/** What of its rollouts' failures a workload wants to be saved from; undefined: nothing. */
export function failureWatchOf({ metadata }: Workload): FailureWatch | undefined {
  const text = metadata.annotations?.[rollBackAfterCrashesAnnotation] ?? '';
  const crashes = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
  const deadline = metadata.annotations?.[rollBackAnnotation] === 'true';
  return deadline || crashes !== undefined ? { deadline, crashes } : undefined;
}
