/**
 * How a workload says that the API server refuses its pods as they are: nobody tries again before it changes. What may
 * be mended elsewhere, a quota or a missing service account, is an event and no condition. Pure.
 */

import { formatTime } from '../../api/time.ts';

interface Condition {
  lastTransitionTime?: string;
  message?: string;
  reason?: string;
  status: string;
  type: string;
}

const type = 'ReplicaFailure';

/** The conditions with the refusal among them, or without when there is none; those of others are kept. */
export function computeRefusedConditions(
  known: readonly Readonly<Condition>[] | undefined,
  refusal: string | undefined,
  now: number,
): Condition[] {
  const others = (known ?? []).filter((condition) => condition.type !== type);
  if (refusal === undefined) return others.map((condition) => ({ ...condition }));
  const before = known?.find((condition) => condition.type === type);
  const lastTransitionTime = before?.lastTransitionTime ?? formatTime(now);
  return [...others, { type, status: 'True', reason: 'FailedCreate', message: refusal, lastTransitionTime }];
}
