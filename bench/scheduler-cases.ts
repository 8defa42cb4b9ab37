/** What the scheduler benchmark asks: clusters and pods, as upstream's scheduler_perf has them. Pure. */

import type { Node, Pod, PodSpec } from '../api/types/core/v1.ts';

interface Named {
  readonly metadata: { readonly name: string };
}

export type BenchPod = Pod & Named;

export interface SchedulerCase {
  readonly name: string;
  readonly nodes: number;
  /** Placed before the clock runs. */
  readonly placed: number;
  readonly pods: number;
  /** Pods a second through the API, to be reached. */
  readonly goal: number;
  podOf(name: string): BenchPod;
  /** Those that are placed before. Default: as `podOf`. */
  placedPodOf?(name: string): BenchPod;
}

const zones = 10;

export function benchNode(index: number): Node & Named {
  const name = `node-${index}`;
  const amounts = { cpu: '4', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${index % zones}` };
  const conditions = [{ type: 'Ready', status: 'True' }];
  return {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
    status: { capacity: amounts, allocatable: amounts, conditions },
  };
}

interface PodParts extends Partial<PodSpec> {
  readonly labels?: Record<string, string>;
  readonly cpu?: string;
}

export function benchPod(name: string, { labels = { app: 'bench' }, cpu = '100m', ...spec }: PodParts = {}): BenchPod {
  const resources = { requests: { cpu, memory: '128Mi' } };
  const containers = [{ name: 'main', image: 'registry.example/app:1', resources }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels } },
    spec: { containers, ...spec },
  };
}

const zone = 'topology.kubernetes.io/zone';
const alike = (color: string) => ({ labelSelector: { matchLabels: { color } } });

const basic = (name: string) => benchPod(name);

const withNodeAffinity = (name: string) => {
  const matchExpressions = [{ key: zone, operator: 'In', values: ['zone-0', 'zone-1'] }];
  const required = { nodeSelectorTerms: [{ matchExpressions }] };
  return benchPod(name, { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } });
};

const withAntiAffinity = (name: string) => {
  const term = { topologyKey: 'kubernetes.io/hostname', ...alike('green') };
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  return benchPod(name, { labels: { color: 'green' }, affinity: { podAntiAffinity } });
};

const withAffinity = (name: string) => {
  const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: zone, ...alike('blue') }] };
  return benchPod(name, { labels: { color: 'blue' }, affinity: { podAffinity } });
};

const withSpread = (name: string) => {
  const constraint = { maxSkew: 5, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', ...alike('red') };
  return benchPod(name, { labels: { color: 'red' }, topologySpreadConstraints: [constraint] });
};

/** Four of them fill a node. */
const lowPriority = (name: string) => benchPod(name, { cpu: '900m', terminationGracePeriodSeconds: 0 });
export const highPriorityClass = 'bench-high';
const highPriority = (name: string) =>
  benchPod(name, { cpu: '3', priorityClassName: highPriorityClass, priority: 1000, terminationGracePeriodSeconds: 0 });

const large = 5_000;

export const schedulerCases: readonly SchedulerCase[] = [
  { name: '500 nodes', nodes: 500, placed: 0, pods: 3_000, goal: 1_000, podOf: basic },
  { name: '5,000 nodes', nodes: large, placed: 0, pods: 10_000, goal: 700, podOf: basic },
  { name: 'node affinity', nodes: large, placed: 0, pods: 5_000, goal: 220, podOf: withNodeAffinity },
  { name: 'pod anti-affinity', nodes: large, placed: 1_000, pods: 2_000, goal: 100, podOf: withAntiAffinity },
  { name: 'required pod affinity', nodes: large, placed: 5_000, pods: 5_000, goal: 60, podOf: withAffinity },
  { name: 'topology spread', nodes: large, placed: 5_000, pods: 5_000, goal: 460, podOf: withSpread },
  {
    ...{ name: 'preemption', nodes: large, placed: 20_000, pods: 1_000, goal: 100 },
    podOf: highPriority,
    placedPodOf: lowPriority,
  },
];

/** A case in small, for machines that are busy. */
export function scaled(one: SchedulerCase, share: number): SchedulerCase {
  const part = (count: number) => Math.max(count === 0 ? 0 : 10, Math.round(count * share));
  return { ...one, nodes: part(one.nodes), placed: part(one.placed), pods: part(one.pods) };
}
