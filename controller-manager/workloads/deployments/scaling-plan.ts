/**
 * Another number of replicas is asked for, perhaps in the middle of a rollout: which ReplicaSets get another size. Pure.
 *
 * A rollout that is under way goes on at the proportion that it has reached: each ReplicaSet gets its share of what is
 * added or taken away, and what rounding leaves over goes to the largest.
 */

import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { computeBounds } from './rollout-bounds.ts';
import type { Resize } from './rollout-plan.ts';
import { totalSize } from './rollout-plan.ts';
import {
  compareAge,
  desiredReplicasAnnotation,
  isActiveSet,
  maxReplicasAnnotation,
  numberIn,
  type SetHistory,
  sizeOf,
} from './set-history.ts';

type SetView = Cached<ReplicaSet>;

/** What each ReplicaSet should have now; some of them may keep their size, and only be told the new number of replicas. */
export function planScaling(deployment: Cached<Deployment>, history: SetHistory): Resize[] {
  const { current, old } = history;
  const { replicas } = computeBounds(deployment.spec);
  const active = [...old, ...(current ? [current] : [])].filter(isActiveSet);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.at(-1);
    return only === undefined || knowsSize(only, replicas) ? [] : [{ set: only, from: sizeOf(only), to: replicas }];
  }
  if (current !== undefined && isSaturated(current, replicas))
    return old.filter(isActiveSet).map((set) => ({ set, from: sizeOf(set), to: 0 }));
  return deployment.spec?.strategy?.type === 'RollingUpdate' ? shareOut(deployment, active) : [];
}

/** A ReplicaSet that was sized by hand may have the right size and still not know it: it would look scaled for ever. */
function knowsSize(set: SetView, replicas: number): boolean {
  return (
    sizeOf(set) === replicas && (numberIn(set.metadata.annotations, desiredReplicasAnnotation) ?? replicas) === replicas
  );
}

/** All that is asked for is there, and serves: old ones have nothing to stay for. */
function isSaturated(set: SetView, replicas: number): boolean {
  return (
    sizeOf(set) === replicas &&
    numberIn(set.metadata.annotations, desiredReplicasAnnotation) === replicas &&
    (set.status?.availableReplicas ?? 0) === replicas
  );
}

function shareOut(deployment: Cached<Deployment>, active: readonly SetView[]): Resize[] {
  const { replicas, maxSurge } = computeBounds(deployment.spec);
  const change = (replicas > 0 ? replicas + maxSurge : 0) - totalSize(active);
  const sets = [...active].sort((a, b) => sizeOf(b) - sizeOf(a) || (change > 0 ? compareAge(b, a) : compareAge(a, b)));
  let left = change;
  const shares = sets.map((set) => {
    const share = shareOf(set, deployment, left, change);
    left -= share;
    return share;
  });
  return sets.map((set, index) => {
    const to = sizeOf(set) + (shares[index] ?? 0) + (index === 0 ? left : 0);
    return { set, from: sizeOf(set), to: Math.max(0, to) };
  });
}

/** Never more than what is left to give or to take; what is noted on a set may be wrong, and makes none grow when all shrink. */
function shareOf(set: SetView, deployment: Cached<Deployment>, left: number, change: number): number {
  if (change === 0 || left === 0) return 0;
  const fraction = fractionOf(set, deployment);
  return change > 0 ? Math.min(fraction, left) : Math.min(0, Math.max(fraction, left));
}

function fractionOf(set: SetView, { spec, status }: Cached<Deployment>): number {
  const { replicas, maxSurge } = computeBounds(spec);
  const size = sizeOf(set);
  if (replicas === 0) return -size;
  const before = numberIn(set.metadata.annotations, maxReplicasAnnotation) || (status?.replicas ?? 0);
  return before === 0 ? 0 : roundHalfAway((size * (replicas + maxSurge)) / before) - size;
}

const roundHalfAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));
