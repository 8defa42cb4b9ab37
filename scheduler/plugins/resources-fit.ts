/** A pod needs room for what it requests; the emptier the node would be left, the better (least requested). */

import type { FilterPlugin, Refusal, ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const name = 'NodeResourcesFit';
const scored = ['cpu', 'memory'] as const;

export const resourcesFit: FilterPlugin & ScorePlugin = {
  name,
  scope: 'template',
  eventsToRegister: ['node added', 'node resources', 'pod removed'],
  weight: 1,

  prepareFilter(pod) {
    const requests = [...pod.requests].filter(([, amount]) => amount > 0);
    return { refuse: (node) => refuse(requests, node) };
  },

  prepareScore(pod) {
    return { score: (node) => leastRequested(pod, node) };
  },
};

function refuse(requests: readonly (readonly [string, number])[], node: NodeInfo): Refusal | undefined {
  const reasons: string[] = node.pods.size + 1 > (node.allocatable.get('pods') ?? 0) ? ['Too many pods'] : [];
  let resolvable = true;
  for (const [resource, amount] of requests) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (amount <= allocatable - (node.requested.get(resource) ?? 0)) continue;
    reasons.push(`Insufficient ${resource}`);
    if (amount > allocatable) resolvable = false;
  }
  return reasons.length === 0 ? undefined : { plugin: name, reasons, resolvable };
}

/** The share of each scored resource that would be left, as a mean of integers out of 100. */
function leastRequested(pod: PodInfo, node: NodeInfo): number {
  let sum = 0;
  let count = 0;
  for (const resource of scored) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (allocatable === 0) continue;
    const requested = (node.assumedRequested.get(resource) ?? 0) + (pod.assumedRequests.get(resource) ?? 0);
    if (requested <= allocatable) sum += Math.trunc(((allocatable - requested) * 100) / allocatable);
    count++;
  }
  return count === 0 ? 0 : Math.trunc(sum / count);
}
