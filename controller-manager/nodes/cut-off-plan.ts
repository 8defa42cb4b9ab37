/** Whether a pod on a node that fell silent has ended there for certain, so that it may be made anew. Pure. */

import { endsWhenCutOff, movesAfterMs } from '../../api/cut-off.ts';
import { nodeCondition } from '../../api/nodes.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

export type CutOffPlan =
  /** It is none of those, or its node is heard of. */
  | { readonly type: 'keep' }
  /** It may still run. */
  | { readonly type: 'wait'; readonly leftMs: number }
  | { readonly type: 'remove' };

export interface CutOffSituation {
  /** The pod's node. */
  readonly node: Cached<Node> | undefined;
  /** How long nothing was heard of it, for certain. */
  readonly silentForMs: number;
  /** Some other node is ready: otherwise it is rather us who hear nothing, and no node could take the pod. */
  readonly hasReadyNode: boolean;
}

const lookAgainMs = 10_000;

export function planCutOff(pod: Cached<Pod>, { node, silentForMs, hasReadyNode }: CutOffSituation): CutOffPlan {
  if (node === undefined || !endsWhenCutOff(pod)) return { type: 'keep' };
  if (nodeCondition(node, 'Ready')?.status !== 'Unknown') return { type: 'keep' };
  const leftMs = movesAfterMs(pod) - silentForMs;
  if (leftMs > 0) return { type: 'wait', leftMs };
  return hasReadyNode ? { type: 'remove' } : { type: 'wait', leftMs: lookAgainMs };
}
