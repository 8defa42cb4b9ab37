/**
 * How many pods of a kind are on each node, kept while pods come and go: built once by looking at all pods, from then
 * on it costs as much as pods change. This is what lets spreading and affinity not grow with the number of pods.
 */

import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export interface PodQuestion {
  /** Equal for equal questions. */
  readonly key: string;
  /** The only namespace whose pods may match; absent: any. */
  readonly namespace?: string;
  matches(pod: PodInfo): boolean;
}

/** Numbers of matching pods by node; nodes without one are absent. */
export type CountByNode = ReadonlyMap<NodeInfo, number>;

interface Tally {
  readonly question: PodQuestion;
  readonly counts: Map<NodeInfo, number>;
}

const rememberedTallies = 1024;

export class PodCounts {
  readonly #tallies = new Map<string, Tally>();
  readonly #byNamespace = new Map<string, Set<Tally>>();

  /** The counts for `question`; `nodes` are looked through if it was not asked lately. */
  ask(question: PodQuestion, nodes: Iterable<NodeInfo>): CountByNode {
    let tally = this.#tallies.get(question.key);
    if (tally === undefined) {
      tally = { question, counts: new Map() };
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
  const count = (counts.get(node) ?? 0) + factor;
  if (count > 0) counts.set(node, count);
  else counts.delete(node);
}
