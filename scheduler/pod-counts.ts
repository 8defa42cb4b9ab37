/**
 * How many pods that match a question are on each node, kept while pods come and go: built once by looking at all pods, from then
 * on it costs as much as pods change. This is what lets spreading and affinity not grow with the number of pods.
 */

import { own } from '../api/json-record.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export interface PodQuestion {
  /** Equal for equal questions. */
  readonly key: string;
  /** The only namespace whose pods may match; absent: any. */
  readonly namespace?: string;
  matches(pod: PodInfo): boolean;
}

/** Numbers of matching pods by node. */
export interface CountByNode extends Iterable<readonly [NodeInfo, number]> {
  of(node: NodeInfo): number;
  /** The same summed up by the value that a node label has, of nodes that have the label; without what is 0. */
  sumsBy(label: string): ReadonlyMap<string, number>;
}

/** Asked for every node at each decision, so numbers are found by slot. Iterating gives nodes that have a match. */
class NodeCounts implements CountByNode {
  readonly #nodes = new Map<NodeInfo, number>();
  readonly #bySlot: number[] = [];
  readonly #sums = new Map<string, Map<string, number>>();

  of(node: NodeInfo): number {
    return this.#bySlot[node.slot] ?? 0;
  }

  add(node: NodeInfo, factor: 1 | -1): void {
    const count = this.of(node) + factor;
    while (this.#bySlot.length < node.slot) this.#bySlot.push(0);
    this.#bySlot[node.slot] = count;
    if (count > 0) this.#nodes.set(node, count);
    else this.#nodes.delete(node);
    for (const [label, sums] of this.#sums) addTo(sums, own(node.labels, label), factor);
  }

  sumsBy(label: string): ReadonlyMap<string, number> {
    let sums = this.#sums.get(label);
    if (sums === undefined) {
      sums = new Map();
      for (const [node, count] of this.#nodes) addTo(sums, own(node.labels, label), count);
      this.#sums.set(label, sums);
    }
    return sums;
  }

  /** Nodes got other labels. */
  forgetSums(): void {
    this.#sums.clear();
  }

  [Symbol.iterator](): Iterator<readonly [NodeInfo, number]> {
    return this.#nodes.entries();
  }
}

/** What is 0 is not there. */
function addTo(sums: Map<string, number>, value: string | undefined, count: number): void {
  if (value === undefined) return;
  const sum = (sums.get(value) ?? 0) + count;
  if (sum === 0) sums.delete(value);
  else sums.set(value, sum);
}

interface Tally {
  readonly question: PodQuestion;
  readonly counts: NodeCounts;
}

const rememberedTallies = 1024;

export class PodCounts {
  readonly #tallies = new Map<string, Tally>();
  readonly #byNamespace = new Map<string, Set<Tally>>();

  /** The counts for `question`; `nodes` are looked through if it was not asked lately. */
  ask(question: PodQuestion, nodes: Iterable<NodeInfo>): CountByNode {
    let tally = this.#tallies.get(question.key);
    if (tally === undefined) {
      tally = { question, counts: new NodeCounts() };
      for (const node of nodes) for (const pod of node.pods.values()) change(tally, pod, node, 1);
      this.#forgetOldest();
      this.#group(question).add(tally);
    } else {
      this.#tallies.delete(question.key);
    }
    this.#tallies.set(question.key, tally);
    return tally.counts;
  }

  count(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void {
    for (const group of [pod.namespace, '']) {
      for (const tally of this.#byNamespace.get(group) ?? []) change(tally, pod, node, factor);
    }
  }

  nodeLabelsChanged(): void {
    for (const { counts } of this.#tallies.values()) counts.forgetSums();
  }

  /** For when the answers of questions change by themselves: namespaces got other labels. */
  clear(): void {
    this.#tallies.clear();
    this.#byNamespace.clear();
  }

  #group(question: PodQuestion): Set<Tally> {
    const name = question.namespace ?? '';
    const group = this.#byNamespace.get(name) ?? new Set();
    this.#byNamespace.set(name, group);
    return group;
  }

  #forgetOldest(): void {
    if (this.#tallies.size < rememberedTallies) return;
    for (const [key, tally] of this.#tallies) {
      this.#tallies.delete(key);
      this.#group(tally.question).delete(tally);
      return;
    }
  }
}

function change({ question, counts }: Tally, pod: PodInfo, node: NodeInfo, factor: 1 | -1): void {
  if (question.namespace !== undefined && question.namespace !== pod.namespace) return;
  if (!question.matches(pod)) return;
  counts.add(node, factor);
}
