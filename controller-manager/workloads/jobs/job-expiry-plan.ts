/** When a Job that has ended goes by itself. Pure. */

import { parseTime } from '../../../api/time.ts';
import type { Job } from '../../../api/types/batch/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

/** Milliseconds that are left to it, 0 when its time is over; undefined: it stays. */
export function msUntilExpiry({ metadata, spec, status }: DeepReadonly<Job>, now: number): number | undefined {
  const seconds = spec?.ttlSecondsAfterFinished;
  if (typeof seconds !== 'number' || metadata?.deletionTimestamp !== undefined) return undefined;
  const end = status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  );
  const endedAt = parseTime(end?.lastTransitionTime);
  return endedAt === undefined ? undefined : Math.max(0, endedAt + seconds * 1000 - now);
}
