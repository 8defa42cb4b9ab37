/** How full a node may be to be a good one: the strategies of NodeResourcesFit, over weighted resources. Pure. */

import type { Fields } from '../../api/configuration-fields.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

/** A point of the line that says what a share in use (0 to 100) is worth (0 to 10). */
export interface UtilizationPoint {
  readonly utilization: number;
  readonly score: number;
}

export type ScoringStrategy =
  | { readonly type: 'LeastAllocated' | 'MostAllocated'; readonly resources: readonly WeightedResource[] }
  | {
      readonly type: 'RequestedToCapacityRatio';
      readonly resources: readonly WeightedResource[];
      readonly shape: readonly UtilizationPoint[];
    };

export const defaultResources: readonly WeightedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];
export const defaultStrategy: ScoringStrategy = { type: 'LeastAllocated', resources: defaultResources };

const types = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'] as const;

export function readScoringStrategy(fields: Fields | undefined): ScoringStrategy {
  if (fields === undefined) return defaultStrategy;
  fields.allow('type', 'resources', 'requestedToCapacityRatio');
  const type = fields.choice('type', types) ?? 'LeastAllocated';
  const resources = readResourceWeights(fields, 100);
  if (type !== 'RequestedToCapacityRatio') return { type, resources };
  const shape = readShape(fields.record('requestedToCapacityRatio'), fields);
  return { type, resources, shape };
}

/** `resources: [{name, weight}]`; without any, CPU and memory alike. */
export function readResourceWeights(fields: Fields, most: number): readonly WeightedResource[] {
  const resources = fields.list('resources').map((entry) => {
    entry.allow('name', 'weight');
    const name = entry.text('name') ?? '';
    if (name === '') entry.errors.required(entry.pathOf('name'));
    const detail = most === 1 ? 'must be 1' : `resource weight not in valid range [1, ${most}]`;
    return { name, weight: entry.integer('weight', { from: 1, to: most, detail }) ?? 1 };
  });
  return resources.length === 0 ? defaultResources : resources;
}

function readShape(ratio: Fields | undefined, strategy: Fields): readonly UtilizationPoint[] {
  const path = strategy.pathOf('requestedToCapacityRatio.shape');
  ratio?.allow('shape');
  const shape = (ratio?.list('shape') ?? []).map((point) => {
    point.allow('utilization', 'score');
    const utilization = point.integer('utilization', { from: 0, to: 100, detail: 'not in valid range [0, 100]' }) ?? 0;
    const score = point.integer('score', { from: 0, to: 10, detail: 'not in valid range [0, 10]' }) ?? 0;
    return { utilization, score };
  });
  if (shape.length === 0) strategy.errors.required(path, 'at least one point must be specified');
  shape.forEach(({ utilization }, i) => {
    const before = shape[i - 1];
    if (before !== undefined && utilization <= before.utilization)
      strategy.errors.invalid(
        `${path}[${i}].utilization`,
        utilization,
        'utilization values must be sorted in increasing order',
      );
  });
  return shape;
}

/** From 0 to 100: how well the pod would go with what is on the node already. */
export function scoreNode(strategy: ScoringStrategy, pod: PodInfo, node: NodeInfo): number {
  let sum = 0;
  let weights = 0;
  for (const { name, weight } of strategy.resources) {
    const allocatable = node.allocatable.get(name) ?? 0;
    const added = pod.assumedRequests.get(name) ?? 0;
    if (allocatable === 0 || (added === 0 && isExtended(name))) continue;
    const score = scoreOf(strategy, (node.assumedRequested.get(name) ?? 0) + added, allocatable);
    if (strategy.type === 'RequestedToCapacityRatio' && score <= 0) continue;
    sum += score * weight;
    weights += weight;
  }
  if (weights === 0) return 0;
  return strategy.type === 'RequestedToCapacityRatio' ? Math.round(sum / weights) : Math.trunc(sum / weights);
}

function scoreOf(strategy: ScoringStrategy, requested: number, allocatable: number): number {
  switch (strategy.type) {
    case 'LeastAllocated':
      return requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * 100) / allocatable);
    case 'MostAllocated':
      return Math.trunc((Math.min(requested, allocatable) * 100) / allocatable);
    case 'RequestedToCapacityRatio':
      return interpolate(strategy.shape, requested > allocatable ? 100 : Math.trunc((requested * 100) / allocatable));
  }
}

/** On the broken line through the points, whose scores count ten times. */
function interpolate(shape: readonly UtilizationPoint[], utilization: number): number {
  let before: UtilizationPoint | undefined;
  for (const point of shape) {
    if (utilization > point.utilization) {
      before = point;
      continue;
    }
    if (before === undefined) return point.score * 10;
    const rise = (point.score - before.score) * 10 * (utilization - before.utilization);
    return before.score * 10 + Math.trunc(rise / (point.utilization - before.utilization));
  }
  return (before?.score ?? 0) * 10;
}

/** What is neither a part of every machine nor counted by the kubelet: `vendor.example/gpu`, huge pages. */
export function isExtended(resource: string): boolean {
  return !nativeResources.has(resource);
}

const nativeResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods']);
