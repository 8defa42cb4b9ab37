/**
 * The affinity terms of pods that are placed, each distinct term once with its numbers by node: an arriving pod asks
 * the few distinct terms whether they concern it, not every pod. Kept while pods come and go.
 */

import { own } from '../api/json-record.ts';
import type { PodAffinityTerm } from '../api/types/core/v1.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export type AffinityKind = 'required' | 'required anti' | 'preferred' | 'preferred anti';
export type AffinityTerm = DeepReadonly<PodAffinityTerm>;

export interface PlacedTerm {
  readonly kind: AffinityKind;
  readonly term: AffinityTerm;
  /** 1 to 100 for preferred terms, 1 for required ones. */
  readonly weight: number;
  /** Of the pods that carry the term. */
  readonly namespace: string;
  readonly counts: ReadonlyMap<NodeInfo, number>;
  /** The same by the value of the term's own topology key; without what is 0. */
  sums(): ReadonlyMap<string, number>;
}

class CountedTerm implements PlacedTerm {
  readonly kind: AffinityKind;
  readonly term: AffinityTerm;
  readonly weight: number;
  readonly namespace: string;
  readonly counts = new Map<NodeInfo, number>();
  /** Made when it is asked for, then kept. */
  #sums: Map<string, number> | undefined;

  constructor({ kind, term, weight, namespace }: Pick<PlacedTerm, 'kind' | 'term' | 'weight' | 'namespace'>) {
    this.kind = kind;
    this.term = term;
    this.weight = weight;
    this.namespace = namespace;
  }

  sums(): ReadonlyMap<string, number> {
    if (this.#sums === undefined) {
      this.#sums = new Map();
      for (const [node, count] of this.counts) this.#addTo(this.#sums, node, count);
    }
    return this.#sums;
  }

  add(node: NodeInfo, factor: 1 | -1): void {
    const count = (this.counts.get(node) ?? 0) + factor;
    if (count > 0) this.counts.set(node, count);
    else this.counts.delete(node);
    if (this.#sums !== undefined) this.#addTo(this.#sums, node, factor);
  }

  /** Nodes got other labels. */
  forgetSums(): void {
    this.#sums = undefined;
  }

  #addTo(sums: Map<string, number>, node: NodeInfo, amount: number): void {
    const value = own(node.labels, this.term.topologyKey);
    if (value === undefined) return;
    const sum = (sums.get(value) ?? 0) + amount;
    if (sum === 0) sums.delete(value);
    else sums.set(value, sum);
  }
}

/** All affinity and anti-affinity terms of a pod. */
export function termsOf({ pod }: PodInfo): { kind: AffinityKind; term: AffinityTerm; weight: number }[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return [];
  const required = (terms: readonly AffinityTerm[] | undefined, kind: AffinityKind) =>
    (terms ?? []).map((term) => ({ kind, term, weight: 1 }));
  const preferred = (terms: typeof preferredTerms, kind: AffinityKind) =>
    (terms ?? []).map(({ podAffinityTerm, weight }) => ({ kind, term: podAffinityTerm, weight }));
  const preferredTerms = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  return [
    ...required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, 'required'),
    ...required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, 'required anti'),
    ...preferred(preferredTerms, 'preferred'),
    ...preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 'preferred anti'),
  ];
}

export class AffinityIndex {
  readonly #terms = new Map<string, CountedTerm>();

  terms(): Iterable<PlacedTerm> {
    return this.#terms.values();
  }

  get size(): number {
    return this.#terms.size;
  }

  nodeLabelsChanged(): void {
    for (const term of this.#terms.values()) term.forgetSums();
  }

  count(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void {
    for (const { kind, term, weight } of termsOf(pod)) {
      const key = JSON.stringify([kind, weight, pod.namespace, term]);
      let placed = this.#terms.get(key);
      if (placed === undefined) {
        placed = new CountedTerm({ kind, term, weight, namespace: pod.namespace });
        this.#terms.set(key, placed);
      }
      placed.add(node, factor);
      if (placed.counts.size === 0) this.#terms.delete(key);
    }
  }
}
