/**
 * The next step of a rollout: which ReplicaSets get another size. Pure.
 *
 * Invariants, whatever the sizes and states are:
 * - A step of a rolling update never asks for more than replicas + maxSurge pods, unless there are more already.
 * - It never takes a pod away when fewer than replicas - maxUnavailable would stay available, unless the pod is not
 *   available itself.
 * - Steps go on until the current ReplicaSet has all replicas and the others none.
 */

import type { ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { RolloutBounds } from './rollout-bounds.ts';
import { isActiveSet, type SetHistory, sizeOf } from './set-history.ts';

type SetView = Cached<ReplicaSet>;

/** A ReplicaSet gets another size; of several for one ReplicaSet each starts where the one before it ended. */
export interface Resize {
  readonly set: SetView;
  readonly from: number;
  readonly to: number;
}

export const totalSize = (sets: readonly SetView[]): number => sets.reduce((sum, set) => sum + sizeOf(set), 0);

/** Pods that serve: of a ReplicaSet that has just been made smaller, its status may still tell of more than it keeps. */
export const availableOf = (set: SetView): number => Math.min(set.status?.availableReplicas ?? 0, sizeOf(set));

/** How large the current ReplicaSet may be beside all others. */
export function sizeOfCurrent(current: number, others: number, bounds: RolloutBounds, strategy: string): number {
  const { replicas, maxSurge } = bounds;
  if (strategy === 'Recreate' || current > replicas) return replicas;
  const room = replicas + maxSurge - current - others;
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/** First the current ReplicaSet grows as far as it may; when it cannot, the old ones shrink as far as they may. */
export function planRollingUpdate({ current, old }: Required<SetHistory>, bounds: RolloutBounds): Resize[] {
  if (current === undefined) return [];
  const from = sizeOf(current);
  const to = sizeOfCurrent(from, totalSize(old), bounds, 'RollingUpdate');
  if (to !== from) return [{ set: current, from, to }];
  return planShrinking(current, old.filter(isActiveSet), bounds);
}

/** Pods that do not serve go first: they would only hold the rollout up. */
function planShrinking(
  current: SetView,
  old: readonly SetView[],
  { replicas, maxUnavailable }: RolloutBounds,
): Resize[] {
  const minAvailable = replicas - maxUnavailable;
  const notYetAvailable = sizeOf(current) - availableOf(current);
  const allowed = totalSize(old) + sizeOf(current) - minAvailable - notYetAvailable;
  if (allowed <= 0) return [];
  const unhealthy = takeAway(old, allowed, (set) => sizeOf(set) - availableOf(set));
  const left = new Map(old.map((set) => [set, sizeOf(set)]));
  for (const { set, to } of unhealthy) left.set(set, to);
  const available = [...old, current].reduce((sum, set) => sum + availableOf(set), 0);
  const surplus = Math.min(available - minAvailable, allowed - removed(unhealthy));
  const serving = takeAway(old, surplus, (set) => left.get(set) ?? 0, left);
  return [...unhealthy, ...serving];
}

const removed = (resizes: readonly Resize[]): number => resizes.reduce((sum, { from, to }) => sum + from - to, 0);

/** Takes up to `count` pods from the sets in their order, of each at most what `available` tells. */
function takeAway(
  sets: readonly SetView[],
  count: number,
  available: (set: SetView) => number,
  sizes?: ReadonlyMap<SetView, number>,
): Resize[] {
  let left = count;
  return sets.flatMap((set) => {
    const from = sizes?.get(set) ?? sizeOf(set);
    const taken = Math.min(left, available(set), from);
    if (taken <= 0) return [];
    left -= taken;
    return [{ set, from, to: from - taken }];
  });
}

/** Recreate: all old ones to nothing at once. */
export function planStoppingOld(old: readonly SetView[]): Resize[] {
  return old.filter(isActiveSet).map((set) => ({ set, from: sizeOf(set), to: 0 }));
}
