/** Which pod moves next, and what becomes of a move that has begun. Pure. */

import { compareText } from '../../base/compare.ts';
import type { Gain, PlacedPod, Placement } from './placement.ts';

export interface Move {
  readonly pod: PlacedPod;
  /** A node that could take it; which one does is for the scheduler to say. */
  readonly to: string;
}

/** So many nodes are considered, the emptiest first. */
const mostTargets = 50;

/** The move that helps most; undefined: all is well. `mayGo`: the node's taints and the pod's selectors allow it. */
export function bestMove(placement: Placement, { candidates, targets, mayGo }: MoveChoice): Move | undefined {
  const emptiest = [...targets]
    .sort((a, b) => placement.load(a) - placement.load(b) || compareText(a, b))
    .slice(0, mostTargets);
  let best: (Move & { readonly gain: Gain }) | undefined;
  for (const pod of candidates) {
    for (const to of emptiest) {
      const gain = placement.gainOf(pod, to);
      if (gain === undefined || (best !== undefined && !isMore(gain, best.gain)) || !mayGo(pod, to)) continue;
      best = { pod, to, gain };
    }
  }
  return best && { pod: best.pod, to: best.to };
}

export interface MoveChoice {
  readonly candidates: readonly PlacedPod[];
  readonly targets: readonly string[];
  mayGo(pod: PlacedPod, to: string): boolean;
}

const isMore = (a: Gain, b: Gain): boolean => a.spread > b.spread || (a.spread === b.spread && a.load > b.load);

/** A move that has begun: the pod is marked, and its set makes one more. */
export interface MoveSituation {
  /** Its set has opted in, is not being changed, and wants so many pods. */
  readonly replicas: number | undefined;
  /** Pods of the set besides the one that moves, which are neither over nor ending. */
  readonly others: number;
  /** Those of them that are available. */
  readonly available: number;
  /** The youngest of them is better placed than the one that moves; undefined: it has no node yet. */
  readonly isBetter: boolean | undefined;
  readonly elapsedMs: number;
}

export type MoveStep =
  | { readonly type: 'wait' }
  | { readonly type: 'evict' }
  /** Its set goes back to as many pods as it asks for. */
  | { readonly type: 'give up'; readonly because: string };

/** A new pod that does not serve after so long, or a budget that says no for so long, ends a move. */
export const movePatienceMs = 600_000;

/** The pod is evicted only when its set serves as much as it should without it. */
export function planMove({ replicas, others, available, isBetter, elapsedMs }: MoveSituation): MoveStep {
  if (replicas === undefined) return { type: 'give up', because: 'its workload is changing' };
  if (isBetter === false) return { type: 'give up', because: 'the new pod is on a node that is no better' };
  if (elapsedMs > movePatienceMs) {
    const because = available < replicas ? 'the new pod is not available' : 'a budget does not allow the eviction';
    return { type: 'give up', because };
  }
  return isBetter === true && others >= replicas && available >= replicas ? { type: 'evict' } : { type: 'wait' };
}
