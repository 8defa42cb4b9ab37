/**
 * The affinity terms of pods that are placed, each distinct term once with its numbers by node: an arriving pod asks
 * the few distinct terms whether they concern it, not every pod. Kept while pods come and go.
 */

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
  readonly counts: Map<NodeInfo, number>;
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
  readonly #terms = new Map<string, PlacedTerm>();

  terms(): Iterable<PlacedTerm> {
    return this.#terms.values();
  }

  get size(): number {
    return this.#terms.size;
  }

  count(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void {
    for (const { kind, term, weight } of termsOf(pod)) {
      const key = JSON.stringify([kind, weight, pod.namespace, term]);
      let placed = this.#terms.get(key);
      if (placed === undefined) {
        placed = { kind, term, weight, namespace: pod.namespace, counts: new Map() };
        this.#terms.set(key, placed);
      }
      const count = (placed.counts.get(node) ?? 0) + factor;
      if (count > 0) placed.counts.set(node, count);
      else placed.counts.delete(node);
      if (placed.counts.size === 0) this.#terms.delete(key);
    }
  }
}
