/**
 * Pods that want to be, or must not be, near other pods, where "near" is a node label: host, zone. Both sides count:
 * what the arriving pod asks of those that are placed, and what they ask of newcomers.
 */

import type { Fields } from '../../api/configuration-fields.ts';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import { type AffinityTerm, type PlacedTerm, termsOf } from '../affinity-index.ts';
import type { ClusterListers } from '../cluster-listers.ts';
import type { FilterPlugin, Help, NodeFilter, NodeScore, Refusal, ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { stretchToHundred } from '../normalize.ts';
import type { PodQuestion } from '../pod-counts.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Topology } from '../topology.ts';

const name = 'InterPodAffinity';
const notNear: Refusal = { plugin: name, reasons: ["node(s) didn't match pod affinity rules"], resolvable: false };
const tooNear: Refusal = { plugin: name, reasons: ["node(s) didn't match pod anti-affinity rules"], resolvable: true };
const unwelcome: Refusal = {
  plugin: name,
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
  resolvable: true,
};

type Namespaces = ClusterListers['namespaces'];

export interface InterPodAffinityArgs {
  /** What it is worth to a newcomer that a placed pod requires its company. */
  readonly hardPodAffinityWeight: number;
  /** A newcomer without preferences of its own is not judged by those of placed pods. */
  readonly ignorePreferredTermsOfExistingPods: boolean;
}

const defaultArgs: InterPodAffinityArgs = { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false };

export function readInterPodAffinityArgs(args: Fields): InterPodAffinityArgs {
  args.allow('apiVersion', 'kind', 'hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods');
  const range = { from: 0, to: 100, detail: 'not in valid range [0-100]' };
  return {
    hardPodAffinityWeight: args.integer('hardPodAffinityWeight', range) ?? defaultArgs.hardPodAffinityWeight,
    ignorePreferredTermsOfExistingPods: args.flag('ignorePreferredTermsOfExistingPods') ?? false,
  };
}

export function createInterPodAffinity(
  { namespaces }: Pick<ClusterListers, 'namespaces'>,
  args: InterPodAffinityArgs = defaultArgs,
): FilterPlugin & ScorePlugin {
  return {
    name,
    scope: 'cluster',
    eventsToRegister: ['node added', 'node labels', 'pod placed', 'pod removed', 'pod labels', 'namespace labels'],
    weight: 2,
    prepareFilter: (pod, snapshot) => prepareFilter(pod, snapshot, namespaces),
    prepareScore: (pod, snapshot) => prepareScore(pod, snapshot, { namespaces, args }),
  };
}

type Sums = ReadonlyMap<string, number>;

/**
 * Numbers by topology: label name, then label value. What the snapshot keeps is taken as it is, times a factor, and
 * not copied; what is added for a what-if stands beside it.
 */
class TopologySums {
  readonly #snapshot: Snapshot;
  readonly #places: Place[] = [];

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Whether nothing is counted anywhere. */
  get isEmpty(): boolean {
    return this.#places.every(isEmptyPlace);
  }

  keep(topologyKey: string, sums: Sums, factor = 1): void {
    if (sums.size > 0) this.#at(topologyKey).kept.push({ sums, factor });
  }

  add(topologyKey: string, node: NodeInfo, amount: number): void {
    const { topology, added } = this.#at(topologyKey);
    const value = topology.valueOf(node);
    if (value === undefined) return;
    const sum = (added.get(value) ?? 0) + amount;
    if (sum === 0) added.delete(value);
    else added.set(value, sum);
  }

  of(topologyKey: string, node: NodeInfo): number {
    const place = this.#places.find((one) => one.topologyKey === topologyKey);
    return place === undefined ? 0 : sumAt(place, node);
  }

  /** Over all topologies in which the node is somewhere. */
  total(node: NodeInfo): number {
    let total = 0;
    for (const place of this.#places) total += sumAt(place, node);
    return total;
  }

  someAt(node: NodeInfo): boolean {
    for (const place of this.#places) if (sumAt(place, node) > 0) return true;
    return false;
  }

  /** Where several are kept for one label, asking each node goes through all of them: they are added up once. */
  merge(): void {
    for (const { kept } of this.#places) {
      if (kept.length < 2) continue;
      const merged = new Map<string, number>();
      for (const { sums, factor } of kept)
        for (const [value, sum] of sums) merged.set(value, (merged.get(value) ?? 0) + sum * factor);
      kept.splice(0, kept.length, { sums: merged, factor: 1 });
    }
  }

  #at(topologyKey: string): Place {
    const known = this.#places.find((one) => one.topologyKey === topologyKey);
    if (known !== undefined) return known;
    const place = { topologyKey, topology: this.#snapshot.topology(topologyKey), kept: [], added: new Map() };
    this.#places.push(place);
    return place;
  }
}

/** The sums by the values of one label. */
interface Place {
  readonly topologyKey: string;
  readonly topology: Topology;
  readonly kept: { readonly sums: Sums; readonly factor: number }[];
  readonly added: Map<string, number>;
}

function sumAt(place: Place, node: NodeInfo): number {
  const value = place.topology.valueOf(node);
  return value === undefined ? 0 : sumOf(place, value);
}

function sumOf({ kept, added }: Place, value: string): number {
  let sum = added.size === 0 ? 0 : (added.get(value) ?? 0);
  for (const { sums, factor } of kept) sum += factor * (sums.get(value) ?? 0);
  return sum;
}

function isEmptyPlace(place: Place): boolean {
  if (place.added.size === 0) return place.kept.every(({ sums }) => sums.size === 0);
  const values = new Set([...place.kept.flatMap(({ sums }) => [...sums.keys()]), ...place.added.keys()]);
  return [...values].every((value) => sumOf(place, value) === 0);
}

function prepareFilter(pod: PodInfo, snapshot: Snapshot, namespaces: Namespaces): NodeFilter | undefined {
  const own = termsOf(pod);
  const wanted = own.filter(({ kind }) => kind === 'required').map(({ term }) => term);
  const avoided = own.filter(({ kind }) => kind === 'required anti').map(({ term }) => term);
  const repelling = [...snapshot.affinity.terms()].filter(
    (placed) => placed.kind === 'required anti' && concerns(placed.term, placed.namespace, pod, namespaces),
  );
  if (wanted.length + avoided.length + repelling.length === 0) return undefined;
  return new RequiredAffinity({ pod, wanted, avoided, repelling }, snapshot, namespaces);
}

interface RequiredTerms {
  readonly pod: PodInfo;
  readonly wanted: readonly AffinityTerm[];
  readonly avoided: readonly AffinityTerm[];
  readonly repelling: readonly PlacedTerm[];
}

class RequiredAffinity implements NodeFilter {
  readonly #terms: RequiredTerms;
  readonly #namespaces: Namespaces;
  /** Of the wanted terms. */
  readonly #topologies: readonly Topology[];
  /** Placed pods that meet all wanted terms at once. */
  readonly #near: TopologySums;
  readonly #avoided: readonly TopologySums[];
  readonly #repelled: TopologySums;

  constructor(terms: RequiredTerms, snapshot: Snapshot, namespaces: Namespaces) {
    this.#terms = terms;
    this.#namespaces = namespaces;
    this.#near = new TopologySums(snapshot);
    this.#repelled = new TopologySums(snapshot);
    const { pod, wanted, avoided, repelling } = terms;
    this.#topologies = wanted.map(({ topologyKey }) => snapshot.topology(topologyKey));
    if (wanted.length > 0) {
      const placed = snapshot.countPods(questionFor(wanted, pod, namespaces));
      for (const key of new Set(wanted.map(({ topologyKey }) => topologyKey))) this.#near.keep(key, placed.sumsBy(key));
    }
    this.#avoided = avoided.map((term) => {
      const sums = new TopologySums(snapshot);
      const placed = snapshot.countPods(questionFor([term], pod, namespaces));
      sums.keep(term.topologyKey, placed.sumsBy(term.topologyKey));
      return sums;
    });
    for (const placed of repelling) this.#repelled.keep(placed.term.topologyKey, placed.sums());
    this.#repelled.merge();
  }

  refuse(node: NodeInfo): Refusal | undefined {
    const { avoided } = this.#terms;
    if (!this.#isNear(node)) return notNear;
    if (avoided.some(({ topologyKey }, i) => (this.#avoided[i]?.of(topologyKey, node) ?? 0) > 0)) return tooNear;
    return this.#repelled.someAt(node) ? unwelcome : undefined;
  }

  help(node: NodeInfo): Help {
    const { wanted, avoided } = this.#terms;
    const steps: string[] = [];
    if (!this.#isNear(node)) {
      for (const { topologyKey, labelSelector } of wanted)
        if (this.#near.of(topologyKey, node) === 0)
          steps.push(`the pod wants the company of pods ${selectorText(labelSelector)} in the same ${topologyKey}`);
    }
    avoided.forEach(({ topologyKey, labelSelector }, i) => {
      if ((this.#avoided[i]?.of(topologyKey, node) ?? 0) > 0)
        steps.push(`remove the pods ${selectorText(labelSelector)} that are in the same ${topologyKey}`);
    });
    if (this.#repelled.someAt(node)) steps.push('remove the pods whose anti-affinity keeps this one away');
    return { steps, distance: steps.length };
  }

  count(other: PodInfo, node: NodeInfo, factor: 1 | -1): void {
    const { pod, wanted, avoided } = this.#terms;
    const matches = (term: AffinityTerm) => concerns(term, pod.namespace, other, this.#namespaces);
    if (wanted.length > 0 && wanted.every(matches))
      for (const key of new Set(wanted.map(({ topologyKey }) => topologyKey))) this.#near.add(key, node, factor);
    avoided.forEach((term, i) => {
      if (matches(term)) this.#avoided[i]?.add(term.topologyKey, node, factor);
    });
    for (const { kind, term } of termsOf(other))
      if (kind === 'required anti' && concerns(term, other.namespace, pod, this.#namespaces))
        this.#repelled.add(term.topologyKey, node, factor);
  }

  /** The first of a group that wants to be with its own kind may go anywhere that has the labels. */
  #isNear(node: NodeInfo): boolean {
    const { pod, wanted } = this.#terms;
    if (wanted.length === 0) return true;
    if (this.#topologies.some((topology) => topology.indexOf(node) < 0)) return false;
    if (wanted.every(({ topologyKey }) => this.#near.of(topologyKey, node) > 0)) return true;
    return this.#near.isEmpty && wanted.every((term) => concerns(term, pod.namespace, pod, this.#namespaces));
  }
}

interface ScoreInput {
  readonly namespaces: Namespaces;
  readonly args: InterPodAffinityArgs;
}

function prepareScore(pod: PodInfo, snapshot: Snapshot, { namespaces, args }: ScoreInput): NodeScore | undefined {
  const sums = new TopologySums(snapshot);
  const preferences = termsOf(pod).filter(({ kind }) => kind === 'preferred' || kind === 'preferred anti');
  if (args.ignorePreferredTermsOfExistingPods && preferences.length === 0) return undefined;
  for (const { kind, term, weight } of preferences) {
    const placed = snapshot.countPods(questionFor([term], pod, namespaces));
    sums.keep(term.topologyKey, placed.sumsBy(term.topologyKey), kind === 'preferred' ? weight : -weight);
  }
  for (const placed of snapshot.affinity.terms()) {
    const { kind, term, weight, namespace } = placed;
    const worth = kind === 'required' ? args.hardPodAffinityWeight : kind === 'preferred anti' ? -weight : weight;
    if (kind === 'required anti' || worth === 0 || !concerns(term, namespace, pod, namespaces)) continue;
    sums.keep(term.topologyKey, placed.sums(), worth);
  }
  if (sums.isEmpty) return undefined;
  sums.merge();
  return { score: (node) => sums.total(node), normalize: stretchToHundred };
}

/** Whether `term`, of a pod in `namespace`, means `other`. */
function concerns(term: AffinityTerm, namespace: string, other: PodInfo, namespaces: Namespaces): boolean {
  return matchesLabelSelector(term.labelSelector, other.labels) && coversNamespace(term, namespace, other, namespaces);
}

/** Named namespaces and selected ones together; with neither, the namespace of the pod that has the term. */
function coversNamespace(
  { namespaces: named = [], namespaceSelector }: AffinityTerm,
  own: string,
  { namespace }: PodInfo,
  namespaces: Namespaces,
): boolean {
  if (named.length === 0 && namespaceSelector === undefined) return namespace === own;
  if (named.includes(namespace)) return true;
  const labels = namespaces.get(namespace)?.metadata.labels ?? {};
  return namespaceSelector !== undefined && matchesLabelSelector(namespaceSelector, labels);
}

/** Which placed pods meet all of these terms of `pod`. */
function questionFor(terms: readonly AffinityTerm[], pod: PodInfo, namespaces: Namespaces): PodQuestion {
  const { namespace } = pod;
  const ownOnly = terms.some((term) => (term.namespaces ?? []).length === 0 && term.namespaceSelector === undefined);
  return {
    key: `affinity ${namespace} ${JSON.stringify(terms)}`,
    ...(ownOnly && { namespace }),
    matches: (other) => terms.every((term) => concerns(term, namespace, other, namespaces)),
  };
}

function selectorText(selector: AffinityTerm['labelSelector']): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `${key} ${operator}${values.length > 0 ? ` (${values.join(', ')})` : ''}`,
  );
  const all = [...labels, ...expressions];
  return all.length === 0 ? 'of any labels' : `with ${all.join(', ')}`;
}
