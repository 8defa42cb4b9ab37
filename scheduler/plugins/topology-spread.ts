/**
 * Spreads pods over zones, hosts or whatever a label names: hard constraints forbid, soft ones cost score. A pod
 * without constraints of its own is spread softly with the other pods of its Services and its controller.
 */

import { hostnameLabel } from '../../api/labels.ts';
import type { ClusterListers } from '../cluster-listers.ts';
import type { FilterPlugin, Help, NodeFilter, NodeScore, Refusal, ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { CountByNode } from '../pod-counts.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Topology } from '../topology.ts';
import { type DefaultConstraints, systemDefaults } from './spread-args.ts';
import { defaultConstraints, ownConstraints, type SpreadConstraint } from './spread-constraints.ts';

const name = 'PodTopologySpread';
const reason = "node(s) didn't match pod topology spread constraints";
const tooMany: Refusal = { plugin: name, reasons: [reason], resolvable: true };
const noLabel: Refusal = { plugin: name, reasons: [`${reason} (missing required label)`], resolvable: false };

export function createTopologySpread(
  listers: ClusterListers,
  defaults: DefaultConstraints = systemDefaults,
): FilterPlugin & ScorePlugin {
  return {
    name,
    scope: 'cluster',
    eventsToRegister: ['node added', 'node labels', 'node taints', 'pod placed', 'pod removed', 'pod labels'],
    weight: 2,
    prepareFilter(pod, snapshot) {
      const constraints = isExplicit(pod)
        ? ownConstraints(pod, 'DoNotSchedule')
        : defaultConstraints(pod, { listers, defaults, whenUnsatisfiable: 'DoNotSchedule' });
      return constraints.length === 0 ? undefined : new HardSpread(pod, constraints, snapshot);
    },
    prepareScore(pod, snapshot, feasible) {
      const constraints = isExplicit(pod)
        ? ownConstraints(pod, 'ScheduleAnyway')
        : defaultConstraints(pod, { listers, defaults, whenUnsatisfiable: 'ScheduleAnyway' });
      const needsAllLabels = isExplicit(pod) || defaults !== systemDefaults;
      if (constraints.length === 0) return undefined;
      return prepareSoftSpread(constraints, { isExplicit: needsAllLabels, snapshot, feasible });
    },
  };
}

const isExplicit = ({ pod }: PodInfo): boolean => (pod.spec.topologySpreadConstraints ?? []).length > 0;

interface Domains {
  readonly constraint: SpreadConstraint;
  readonly topology: Topology;
  /** Matching pods by the topology's index; undefined where no node counts. */
  readonly counts: (number | undefined)[];
  /** Whether the pod itself would be counted. */
  readonly self: number;
  /** The least of `counts`; undefined when it must be looked for again. */
  fewest: number | undefined;
}

class HardSpread implements NodeFilter {
  readonly #constraints: readonly SpreadConstraint[];
  readonly #domains: readonly Domains[];

  constructor(pod: PodInfo, constraints: readonly SpreadConstraint[], snapshot: Snapshot) {
    this.#constraints = constraints;
    this.#domains = constraints.map((constraint) => ({
      constraint,
      topology: snapshot.topology(constraint.topologyKey),
      counts: [],
      self: constraint.question.matches(pod) ? 1 : 0,
      fewest: undefined,
    }));
    const [only] = this.#domains;
    if (constraints.length === 1 && only?.constraint.countsEverywhere) countEverywhere(only, snapshot);
    else this.#countNodeByNode(snapshot);
  }

  refuse(node: NodeInfo): Refusal | undefined {
    for (const domains of this.#domains) {
      const { constraint, topology, counts, self } = domains;
      const index = topology.indexOf(node);
      if (index < 0) return noLabel;
      domains.fewest ??= fewestOf(domains);
      if ((counts[index] ?? 0) + self - domains.fewest > constraint.maxSkew) return tooMany;
    }
    return undefined;
  }

  help(node: NodeInfo): Help {
    const steps: string[] = [];
    for (const domains of this.#domains) {
      const { constraint, topology, counts, self } = domains;
      const { topologyKey, maxSkew } = constraint;
      const value = topology.valueOf(node);
      if (value === undefined) {
        steps.push(`give the node a label ${topologyKey}`);
        continue;
      }
      domains.fewest ??= fewestOf(domains);
      const skew = (counts[topology.indexOf(node)] ?? 0) + self - domains.fewest;
      if (skew <= maxSkew) continue;
      steps.push(
        `${topologyKey}=${value} would have ${skew} more of these pods than the emptiest ${topologyKey}, and maxSkew is ${maxSkew}: make room elsewhere`,
      );
    }
    return { steps, distance: steps.length };
  }

  #countNodeByNode(snapshot: Snapshot): void {
    const pods = this.#constraints.map(({ question }) => snapshot.countPods(question));
    for (const node of snapshot.nodes()) {
      if (!hasAllLabels(this.#constraints, node)) continue;
      this.#domains.forEach((domains, i) => {
        if (domains.constraint.counts(node)) addAt(domains, node, pods[i]?.of(node) ?? 0);
      });
    }
  }

  count(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void {
    if (!hasAllLabels(this.#constraints, node)) return;
    for (const domains of this.#domains) {
      const { constraint } = domains;
      if (!constraint.question.matches(pod) || !constraint.counts(node)) continue;
      addAt(domains, node, factor);
      domains.fewest = undefined;
    }
  }
}

/** Without looking at each node: the sums are kept. */
function countEverywhere({ constraint, topology, counts }: Domains, snapshot: Snapshot): void {
  const sums = snapshot.countPods(constraint.question).sumsBy(constraint.topologyKey);
  for (const value of topology.values) counts.push(sums.get(value) ?? 0);
}

function addAt({ topology, counts }: Domains, node: NodeInfo, amount: number): void {
  const index = topology.indexOf(node);
  if (index < 0) return;
  while (counts.length < index) counts.push(undefined);
  counts[index] = (counts[index] ?? 0) + amount;
}

function fewestOf({ constraint, counts }: Domains): number {
  let [fewest, size] = [Number.POSITIVE_INFINITY, 0];
  for (const count of counts) {
    if (count === undefined) continue;
    size++;
    if (count < fewest) fewest = count;
  }
  return size < constraint.minDomains ? 0 : fewest;
}

interface SoftSpreadInput {
  /** Constraints that somebody wrote leave out nodes that lack one of the labels; built-in ones take what is there. */
  readonly isExplicit: boolean;
  readonly snapshot: Snapshot;
  readonly feasible: readonly NodeInfo[];
}

interface SoftDomains {
  readonly constraint: SpreadConstraint;
  /** Matching pods by value of the label, at least for the values that feasible nodes have; hosts are counted by node. */
  readonly counts: ReadonlyMap<string, number>;
  readonly byNode: CountByNode;
  readonly topology: Topology;
  readonly weight: number;
}

function prepareSoftSpread(constraints: readonly SpreadConstraint[], input: SoftSpreadInput): NodeScore {
  const { isExplicit, snapshot, feasible } = input;
  const ignored = new Set(isExplicit ? feasible.filter((node) => !hasAllLabels(constraints, node)) : []);
  const domains = constraints.map((constraint) => countSoftly(constraint));
  return {
    score(node) {
      if (ignored.has(node)) return 0;
      let sum = 0;
      for (const { constraint, counts, byNode, topology, weight } of domains) {
        const value = topology.valueOf(node);
        if (value === undefined) continue;
        const count = constraint.topologyKey === hostnameLabel ? byNode.of(node) : (counts.get(value) ?? 0);
        // The logarithm of the number of domains makes constraints over few and over many comparable.
        sum += count * weight + (constraint.maxSkew - 1);
      }
      return Math.round(sum);
    },
    normalize: (scores, nodes) => normalizeCrowding(scores, nodes, ignored),
  };

  function countSoftly(constraint: SpreadConstraint): SoftDomains {
    const counts = new Map<string, number>();
    const byNode = snapshot.countPods(constraint.question);
    const topology = snapshot.topology(constraint.topologyKey);
    const parts = { constraint, byNode, topology };
    if (constraint.topologyKey === hostnameLabel)
      return { ...parts, counts, weight: Math.log(feasible.length - ignored.size + 2) };
    for (const node of feasible) {
      const value = topology.valueOf(node);
      if (value !== undefined && !counts.has(value) && !ignored.has(node)) counts.set(value, 0);
    }
    const weight = Math.log(counts.size + 2);
    const everywhere = constraint.countsEverywhere && (!isExplicit || constraints.length === 1);
    if (everywhere) return { ...parts, counts: byNode.sumsBy(constraint.topologyKey), weight };
    for (const [node, count] of byNode) {
      const value = topology.valueOf(node);
      if (value === undefined || !counts.has(value) || (isExplicit && !hasAllLabels(constraints, node))) continue;
      if (constraint.counts(node)) add(counts, value, count);
    }
    return { ...parts, counts, weight };
  }
}

/** The least crowded node gets 100. */
function normalizeCrowding(scores: Float64Array, nodes: readonly NodeInfo[], ignored: ReadonlySet<NodeInfo>): void {
  const isIgnored = (i: number): boolean => {
    const node = ignored.size === 0 ? undefined : nodes[i];
    return node !== undefined && ignored.has(node);
  };
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const [i, score] of scores.entries()) {
    if (isIgnored(i)) continue;
    if (score < lowest) lowest = score;
    if (score > highest) highest = score;
  }
  for (const [i, score] of scores.entries()) {
    if (isIgnored(i)) scores[i] = 0;
    else scores[i] = highest === 0 ? 100 : Math.trunc((100 * (highest + lowest - score)) / highest);
  }
}

function hasAllLabels(constraints: readonly SpreadConstraint[], { labels }: NodeInfo): boolean {
  return constraints.every(({ topologyKey }) => Object.hasOwn(labels, topologyKey));
}

function add(counts: Map<string, number>, value: string, count: number): void {
  counts.set(value, (counts.get(value) ?? 0) + count);
}
