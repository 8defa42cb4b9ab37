/**
 * What a ReplicaSet or ReplicationController does about its pods: which it counts, whether to make or to delete some. Pure.
 */

import { isPodActive, isPodFinished, isPodTerminating } from '../../../api/pods.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { surgeFor } from '../../pods/pod-move.ts';
import { controllerOf } from '../ownership.ts';
import { rankForDeletion } from '../pod-ranking.ts';

/** More are not made at once. */
const mostAtOnce = 500;

export type ReplicaPlan =
  | { readonly type: 'nothing' }
  | { readonly type: 'create'; readonly count: number }
  /** The first to go first. */
  | { readonly type: 'delete'; readonly victims: readonly Cached<Pod>[] };

export interface ReplicaSituation {
  readonly replicas: number;
  /** Pods of this set that count as replicas. */
  readonly active: readonly Cached<Pod>[];
  /** Active pods of all sets of one Deployment: closeness to them counts against a pod. Asked only when pods must go. */
  related(): readonly Cached<Pod>[];
  /** Wall time in milliseconds. */
  readonly now: number;
}

export function planReplicas({ replicas, active, related, now }: ReplicaSituation): ReplicaPlan {
  const missing = replicas + surgeFor(replicas, active) - active.length;
  if (missing === 0) return { type: 'nothing' };
  // A list of two thousand million, which a set may ask for, would end the process.
  if (missing > 0) return { type: 'create', count: Math.min(missing, mostAtOnce) };
  return { type: 'delete', victims: rankForDeletion(active, { now, related: related() }).slice(0, -missing) };
}

/** Finished pods and those on their way out are nobody's replicas: they are neither adopted nor released. */
export function claimablePods(pods: Iterable<Cached<Pod>>): Cached<Pod>[] {
  return [...pods].filter(isPodActive);
}

/** How many of `pods` are the set's own, selected by it, and on their way out: its status tells. */
export function countTerminating(
  ownerUid: string,
  pods: Iterable<Cached<Pod>>,
  matches: (labels: Readonly<Record<string, string>>) => boolean,
): number {
  const terminating = [...pods].filter(
    (pod) =>
      isPodTerminating(pod) &&
      !isPodFinished(pod) &&
      controllerOf(pod)?.uid === ownerUid &&
      matches(pod.metadata.labels ?? {}),
  );
  return terminating.length;
}
