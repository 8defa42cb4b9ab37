/** Whether a pod has to leave its node because of the node's taints, and when. Pure. */

import { isPodActive, podCondition } from '../../api/pods.ts';
import { toleratesTaint } from '../../api/taints.ts';
import { parseTime } from '../../api/time.ts';
import type { Node, Pod, Taint, Toleration } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

/** How long a pod has been with a node's taints, as the controller remembers it. */
export interface Deadline {
  readonly uid: string;
  readonly toleratedMs: number;
  /** Monotonic milliseconds from which `toleratedMs` counts. */
  readonly since: number;
}

export type EvictionPlan =
  /** Nothing drives it away. */
  | { readonly type: 'stay' }
  /** It may stay for so much longer. */
  | { readonly type: 'wait'; readonly deadline: Deadline; readonly leftMs: number }
  | { readonly type: 'evict' };

export interface EvictionContext {
  /** The pod's node; undefined when there is none that is known. */
  readonly node: Cached<Node> | undefined;
  /** What was decided for this pod before. */
  readonly known: Deadline | undefined;
  readonly monotonicNow: number;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/**
 * A deadline goes on while the pod and what it tolerates stay the same. One that is new here may have begun before us:
 * another controller manager, or this one before it was restarted, waited for it.
 */
export function planEviction(pod: Cached<Pod>, { node, known, monotonicNow, now }: EvictionContext): EvictionPlan {
  if (node === undefined || !isPodActive(pod)) return { type: 'stay' };
  const stays = staysOf(pod.spec?.tolerations ?? [], node.spec?.taints ?? []);
  const stayMs = shortest(stays);
  if (stayMs === Number.POSITIVE_INFINITY) return { type: 'stay' };
  const { uid } = pod.metadata;
  const same = known?.uid === uid && known.toleratedMs === stayMs;
  const deadline = same ? known : { uid, toleratedMs: stayMs, since: monotonicNow - waitedMs(pod, stays, now) };
  const leftMs = deadline.since + stayMs - monotonicNow;
  return leftMs > 0 ? { type: 'wait', deadline, leftMs } : { type: 'evict' };
}

/**
 * How long a pod may stay on a node with these taints, in milliseconds: `Infinity` for ever, 0 not at all.
 * For each taint the first toleration that covers it speaks; of these the shortest counts; negative seconds count as 0.
 */
export const toleratedMs = (tolerations: DeepReadonly<Toleration[]>, taints: readonly DeepReadonly<Taint>[]): number =>
  shortest(staysOf(tolerations, taints));

interface Stay {
  readonly taint: DeepReadonly<Taint>;
  readonly ms: number;
}

const staysOf = (tolerations: DeepReadonly<Toleration[]>, taints: readonly DeepReadonly<Taint>[]): Stay[] =>
  taints
    .filter(({ effect }) => effect === 'NoExecute')
    .map((taint) => {
      const used = tolerations.find((toleration) => toleratesTaint(toleration, taint));
      const seconds = used === undefined ? 0 : (used.tolerationSeconds ?? Number.POSITIVE_INFINITY);
      return { taint, ms: Math.max(0, seconds) * 1000 };
    });

const shortest = (stays: readonly Stay[]): number => Math.min(Number.POSITIVE_INFINITY, ...stays.map(({ ms }) => ms));

/** What of the shortest stay is over by what the taints say of themselves; none of it before the pod was on the node. */
function waitedMs(pod: Cached<Pod>, stays: readonly Stay[], now: number): number {
  const stayMs = shortest(stays);
  const boundAt = parseTime(podCondition(pod, 'PodScheduled')?.lastTransitionTime ?? pod.metadata.creationTimestamp);
  const leftMs = stays.map(({ taint, ms }) => {
    const addedAt = parseTime(taint.timeAdded);
    if (addedAt === undefined || boundAt === undefined) return ms;
    return ms - Math.max(0, now - Math.max(addedAt, boundAt));
  });
  return Math.max(0, stayMs - Math.min(...leftMs));
}
