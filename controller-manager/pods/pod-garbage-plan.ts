/** Which pods nobody else will remove, and what becomes of them. Pure. */

import { outOfServiceTaint } from '../../api/labels.ts';
import { isNodeReady } from '../../api/nodes.ts';
import { keyOf } from '../../api/object.ts';
import { isPodTerminating } from '../../api/pods.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { Cached } from '../../client/object-cache.ts';

/** A node that is missing for less long may only be registering anew. */
const quarantineMs = 40_000;

export type PodGarbagePlan =
  | { readonly type: 'keep' }
  /** Its node is missed, but not for long enough. */
  | { readonly type: 'wait'; readonly leftMs: number }
  | { readonly type: 'delete' }
  /** It is told why, declared Failed, and deleted; not if the server knows the node that the cache misses. */
  | { readonly type: 'fail'; readonly message: string; readonly unlessNodeExists?: string };

export interface PodGarbageSituation {
  /** The node that the pod names, as far as it is known. */
  readonly node: Cached<Node> | undefined;
  /** How long that node has been missed. */
  readonly missingForMs: number;
  /** It is one of too many finished pods. */
  readonly surplus: boolean;
}

export function planPodGarbage(pod: Cached<Pod>, { node, missingForMs, surplus }: PodGarbageSituation): PodGarbagePlan {
  const { nodeName } = pod.spec ?? {};
  const terminating = isPodTerminating(pod);
  if (nodeName && node === undefined) {
    if (missingForMs < quarantineMs) return { type: 'wait', leftMs: quarantineMs - missingForMs };
    return { type: 'fail', message: 'PodGC: node no longer exists', unlessNodeExists: nodeName };
  }
  if (terminating && node !== undefined && isOutOfService(node))
    return { type: 'fail', message: 'PodGC: node is out of service' };
  // No kubelet will ever confirm the end of a pod that has no node.
  if (terminating) return nodeName ? { type: 'keep' } : { type: 'delete' };
  return surplus ? { type: 'delete' } : { type: 'keep' };
}

/** An administrator says so, and it is not ready: what runs there will never be heard of again. */
function isOutOfService(node: Cached<Node>): boolean {
  return !isNodeReady(node) && (node.spec?.taints ?? []).some(({ key }) => key === outOfServiceTaint);
}

/** Whether `pod` is one of those that go so that `kept` of `finished` are left: evicted pods first, then the oldest. */
export function isSurplus(pod: Cached<Pod>, finished: readonly Cached<Pod>[], kept: number): boolean {
  const surplus = finished.length - kept;
  const last = surplus > 0 ? finished.toSorted(compareForRemoval)[surplus - 1] : undefined;
  return last !== undefined && compareForRemoval(pod, last) <= 0;
}

function compareForRemoval(a: Cached<Pod>, b: Cached<Pod>): number {
  return (
    Number(isEvicted(b)) - Number(isEvicted(a)) ||
    compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compareText(keyOf(a), keyOf(b))
  );
}

const isEvicted = ({ status }: Cached<Pod>): boolean => status?.phase === 'Failed' && status.reason === 'Evicted';
