/** Where one pod goes, or why nowhere: filter, score, choose. Synchronous; it places nothing. */

import { type Candidates, candidatesOf, refuseByCandidates } from './candidates.ts';
import {
  type Help,
  isRefusal,
  type NodeFilter,
  type NodeScore,
  type Plugins,
  type Refusal,
  type Refused,
  type WhatIf,
} from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { Nominations } from './nominations.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import { obstaclesOf, type TemplateMemory, type TemplateResults } from './template-results.ts';

export interface DecisionContext {
  readonly snapshot: Snapshot;
  readonly plugins: Plugins;
  readonly templates: TemplateMemory;
  readonly nominations: Nominations;
  /** Of the profile: how many of the nodes are looked at; absent or 0: fewer the more there are. */
  readonly percentageOfNodesToScore?: number | undefined;
  /** From 0 to 1: chooses among equally good nodes. */
  random(): number;
}

export type Decision =
  | { readonly type: 'node'; readonly node: NodeInfo }
  | { readonly type: 'unschedulable'; readonly because: 'nodes'; readonly refused: Refused }
  /** The pod itself stands in the way, whatever the node. */
  | { readonly type: 'unschedulable'; readonly because: 'pod'; readonly refusal: Refusal; readonly nodes: number };

export function decide(pod: PodInfo, context: DecisionContext): Decision {
  const { snapshot } = context;
  const question = prepareQuestion(pod, context);
  if (isRefusal(question)) {
    return { type: 'unschedulable', because: 'pod', refusal: question, nodes: snapshot.nodeCount };
  }
  const feasible: NodeInfo[] = [];
  const refused = new RefusedNodes(question);
  const nominated = nominatedNode(pod, context, question);
  if (nominated !== undefined) return { type: 'node', node: nominated };
  const enough = computeEnough(snapshot.nodeCount, context.percentageOfNodesToScore);
  snapshot.walk((node) => {
    const refusal = question.refuse(node);
    if (refusal === undefined) feasible.push(node);
    // Most pods get a node, and then nobody wants to know why others refused it.
    else if (feasible.length === 0) refused.add(node, refusal);
    return feasible.length < enough ? 'more' : 'enough';
  });
  const [first] = feasible;
  if (first === undefined) return { type: 'unschedulable', because: 'nodes', refused };
  return { type: 'node', node: feasible.length === 1 ? first : choose(pod, feasible, question, context) };
}

/** Thousands of nodes for each pod that fits nowhere: lists are made, and what is found by node only when it is asked for. */
class RefusedNodes implements Refused {
  readonly nodes: NodeInfo[] = [];
  readonly answers: Refusal[] = [];
  readonly question: Question;
  #refusals: Map<NodeInfo, Refusal> | undefined;

  constructor(question: Question) {
    this.question = question;
  }

  get refusals(): ReadonlyMap<NodeInfo, Refusal> {
    if (this.#refusals !== undefined) return this.#refusals;
    const refusals = new Map<NodeInfo, Refusal>();
    for (const [i, node] of this.nodes.entries()) {
      const answer = this.answers[i];
      if (answer !== undefined) refusals.set(node, answer);
    }
    this.#refusals = refusals;
    return refusals;
  }

  add(node: NodeInfo, refusal: Refusal): void {
    this.nodes.push(node);
    this.answers.push(refusal);
  }
}

/**
 * How many feasible nodes are enough to choose from. In large clusters a sample finds a node that is nearly as good as
 * the best of all in a fraction of the time; upstream's figures.
 */
function computeEnough(nodeCount: number, wanted = 0): number {
  const percentage = wanted === 0 ? Math.max(5, 50 - Math.trunc(nodeCount / 125)) : wanted;
  return Math.max(100, Math.trunc((nodeCount * percentage) / 100));
}

/** A pod for which room was made looks there first. */
function nominatedNode(
  pod: PodInfo,
  { snapshot, nominations }: DecisionContext,
  question: Question,
): NodeInfo | undefined {
  // Known here before the pod's status shows it.
  const name = nominations.nodeOf(pod.key) ?? pod.pod.status?.nominatedNodeName;
  const node = name ? snapshot.node(name) : undefined;
  return node !== undefined && question.refuse(node) === undefined ? node : undefined;
}

interface QuestionParts {
  readonly results: TemplateResults;
  /** Those of scope `cluster`. */
  readonly filters: readonly NodeFilter[];
  /** Of both scopes. */
  readonly candidates: readonly Candidates[];
  readonly nominations: Nominations;
}

/** All that was prepared to ask one pod's question for each node. */
export class Question implements WhatIf {
  readonly #pod: PodInfo;
  readonly #nominations: Nominations;
  readonly #filters: readonly NodeFilter[];
  readonly #candidates: readonly Candidates[];
  readonly results: TemplateResults;

  constructor(pod: PodInfo, { results, filters, candidates, nominations }: QuestionParts) {
    this.#pod = pod;
    this.results = results;
    this.#filters = filters;
    this.#candidates = candidates;
    this.#nominations = nominations;
  }

  refuse(node: NodeInfo): Refusal | undefined {
    // Asked of thousands of nodes for each pod: what there is mostly none of is passed over.
    return (
      (this.#candidates.length === 0 ? undefined : refuseByCandidates(this.#candidates, node)) ??
      (this.#nominations.isEmpty ? undefined : this.#refuseBesideRivals(node)) ??
      this.results.refuse(node) ??
      this.#refuseCluster(node)
    );
  }

  /** For a node as it might be: a clone with other pods, of which `countPod` told the filters that keep sums. */
  refuseIf(node: NodeInfo): Refusal | undefined {
    return this.#refuseBesideRivals(node) ?? this.#refuseAsIs(node);
  }

  dependsOn(node: NodeInfo): readonly PodInfo[] | undefined {
    return this.#filters.length > 0 ? undefined : this.#nominations.rivalsOn(node.name, this.#pod);
  }

  obstacles(node: NodeInfo): readonly Help[] {
    const outside = refuseByCandidates(this.#candidates, node);
    const obstacles = [...this.results.obstacles(node), ...obstaclesOf(this.#filters, node)];
    if (obstacles.length > 0) return obstacles;
    if (outside !== undefined) return [{ steps: outside.reasons, distance: 10 }];
    return [{ steps: ['the room on it is kept for pods of at least the same priority'], distance: 1 }];
  }

  countPod(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void {
    for (const filter of this.#filters) filter.count?.(pod, node, factor);
  }

  /** With the pods that wait for room on this node and are no less important, as if they were there. */
  #refuseBesideRivals(node: NodeInfo): Refusal | undefined {
    const rivals = this.#nominations.rivalsOn(node.name, this.#pod);
    if (rivals.length === 0) return undefined;
    if (this.#filters.length === 0) return this.results.refuseBeside(node, rivals);
    const crowded = node.clone();
    for (const rival of rivals) {
      crowded.add(rival);
      this.countPod(rival, node, 1);
    }
    const refusal = this.#refuseAsIs(crowded);
    for (const rival of rivals) this.countPod(rival, node, -1);
    return refusal;
  }

  #refuseAsIs(node: NodeInfo): Refusal | undefined {
    return this.results.refuseUnremembered(node) ?? this.#refuseCluster(node);
  }

  #refuseCluster(node: NodeInfo): Refusal | undefined {
    for (const filter of this.#filters) {
      const refusal = filter.refuse(node);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }
}

function prepareQuestion(pod: PodInfo, context: DecisionContext): Question | Refusal {
  const { plugins, snapshot, templates, nominations } = context;
  const results = templates.resultsFor(pod, plugins, snapshot);
  if (results.refusal !== undefined) return results.refusal;
  const filters: NodeFilter[] = [];
  const candidates = [...results.candidates];
  for (const plugin of plugins.filters) {
    if (plugin.scope !== 'cluster') continue;
    const prepared = plugin.prepareFilter(pod, snapshot);
    if (isRefusal(prepared)) return prepared;
    if (prepared === undefined) continue;
    filters.push(prepared);
    candidates.push(...candidatesOf(plugin.name, prepared));
  }
  return new Question(pod, { results, filters, candidates, nominations });
}

/** One of the nodes with the highest sum of weighted scores. */
function choose(pod: PodInfo, feasible: readonly NodeInfo[], question: Question, context: DecisionContext): NodeInfo {
  const totals = computeTotals(pod, feasible, question, context);
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  let ties = 0;
  for (let i = 0; i < totals.length; i++) {
    const total = totals[i] ?? 0;
    if (total > highest) {
      highest = total;
      best = i;
      ties = 1;
    } else if (total === highest && context.random() < 1 / ++ties) {
      best = i;
    }
  }
  const node = feasible[best];
  if (node === undefined) throw new RangeError('choose needs at least one feasible node');
  return node;
}

function computeTotals(
  pod: PodInfo,
  feasible: readonly NodeInfo[],
  question: Question,
  { plugins, snapshot }: DecisionContext,
): Float64Array {
  const totals = new Float64Array(feasible.length);
  const scores = new Float64Array(feasible.length);
  const add = (prepared: NodeScore, weight: number): void => {
    prepared.normalize?.(scores, feasible);
    for (let i = 0; i < scores.length; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0);
  };
  for (const { plugin, prepared, raw } of question.results.scores) {
    for (let i = 0; i < scores.length; i++) scores[i] = raw[feasible[i]?.slot ?? 0] ?? 0;
    add(prepared, plugin.weight);
  }
  for (const plugin of plugins.scores) {
    const prepared = plugin.scope === 'cluster' ? plugin.prepareScore(pod, snapshot, feasible) : undefined;
    if (prepared === undefined) continue;
    feasible.forEach((node, i) => {
      scores[i] = prepared.score(node);
    });
    add(prepared, plugin.weight);
  }
  return totals;
}
