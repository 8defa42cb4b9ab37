/** Prefers nodes whose use of CPU and memory the pod brings nearer to each other, so that neither is stranded. */

import type { ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Resources } from '../resources.ts';

const scored = ['cpu', 'memory'] as const;
const nothing: Resources = new Map();

export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  scope: 'template',
  weight: 1,
  prepareScore({ requests }) {
    if (scored.every((resource) => (requests.get(resource) ?? 0) === 0)) return undefined;
    return {
      // 75 means: no better and no worse than before.
      score: (node) => Math.floor((150 + balance(node, requests) - balance(node, nothing)) / 2),
    };
  },
};

/** 100 when CPU and memory are used to the same share, down to 50 when one is full and the other free. */
function balance(node: NodeInfo, more: Resources): number {
  const shares: number[] = [];
  for (const resource of scored) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (allocatable === 0) continue;
    const requested = (node.requested.get(resource) ?? 0) + (more.get(resource) ?? 0);
    shares.push(Math.min(1, requested / allocatable));
  }
  const [cpu, memory] = shares;
  const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs(cpu - memory) / 2;
  return Math.trunc((1 - deviation) * 100);
}
