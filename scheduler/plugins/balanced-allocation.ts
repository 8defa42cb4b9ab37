/** Prefers nodes whose use of CPU and memory the pod brings nearer to each other, so that neither is stranded. */

import type { Fields } from '../../api/configuration-fields.ts';
import type { ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Resources } from '../resources.ts';
import { defaultResources, isExtended, readResourceWeights } from './scoring-strategy.ts';

const nothing: Resources = new Map();

/** The resources that are balanced. */
export function readBalancedAllocationArgs(args: Fields): readonly string[] {
  args.allow('apiVersion', 'kind', 'resources');
  return readResourceWeights(args, 1).map(({ name }) => name);
}

export function createBalancedAllocation(
  scored: readonly string[] = defaultResources.map(({ name }) => name),
): ScorePlugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    scope: 'template',
    weight: 1,
    prepareScore({ requests }) {
      const asked = scored.filter((resource) => !isExtended(resource) || (requests.get(resource) ?? 0) > 0);
      if (asked.every((resource) => (requests.get(resource) ?? 0) === 0)) return undefined;
      return {
        // 75 means: no better and no worse than before.
        score: (node) => Math.floor((150 + balance(asked, node, requests) - balance(asked, node, nothing)) / 2),
      };
    },
  };
}

export const balancedAllocation = createBalancedAllocation();

/** 100 when all are used to the same share, down to 50 when one is full and the other free. */
function balance(scored: readonly string[], node: NodeInfo, more: Resources): number {
  const shares: number[] = [];
  for (const resource of scored) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (allocatable === 0) continue;
    const requested = (node.requested.get(resource) ?? 0) + (more.get(resource) ?? 0);
    shares.push(Math.min(1, requested / allocatable));
  }
  return Math.trunc((1 - deviationOf(shares)) * 100);
}

function deviationOf(shares: readonly number[]): number {
  const [first = 0, second = 0] = shares;
  if (shares.length < 2) return 0;
  if (shares.length === 2) return Math.abs(first - second) / 2;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
}
