/** Whether a pod has to leave its node because of the node's taints, and when. Pure. */

import { isPodActive } from '../../api/pods.ts';
import { toleratesTaint } from '../../api/taints.ts';
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
}

/** A deadline goes on while the pod and what it tolerates stay the same; else the time starts anew. */
export function planEviction(pod: Cached<Pod>, { node, known, monotonicNow }: EvictionContext): EvictionPlan {
  if (node === undefined || !isPodActive(pod)) return { type: 'stay' };
  const stayMs = toleratedMs(pod.spec?.tolerations ?? [], node.spec?.taints ?? []);
  if (stayMs === Number.POSITIVE_INFINITY) return { type: 'stay' };
  const { uid } = pod.metadata;
  const same = known?.uid === uid && known.toleratedMs === stayMs;
  const deadline = same ? known : { uid, toleratedMs: stayMs, since: monotonicNow };
  const leftMs = deadline.since + stayMs - monotonicNow;
  return leftMs > 0 ? { type: 'wait', deadline, leftMs } : { type: 'evict' };
}

/**
 * How long a pod may stay on a node with these taints, in milliseconds: `Infinity` for ever, 0 not at all.
 * For each taint the first toleration that covers it speaks; of these the shortest counts; negative seconds count as 0.
 */
export function toleratedMs(tolerations: DeepReadonly<Toleration[]>, taints: readonly DeepReadonly<Taint>[]): number {
  const evicting = taints.filter(({ effect }) => effect === 'NoExecute');
  const used = evicting.map((taint) => tolerations.find((toleration) => toleratesTaint(toleration, taint)));
  const seconds = used.map((toleration) =>
    toleration === undefined ? 0 : (toleration.tolerationSeconds ?? Number.POSITIVE_INFINITY),
  );
  return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...seconds)) * 1000;
}
