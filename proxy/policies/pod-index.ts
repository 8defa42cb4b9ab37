/** Pods by address, node, namespace and label, so that a selector looks at few more pods than it matches. */

import { own } from '../../api/json-record.ts';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { PodFacts } from './pod-facts.ts';

export type Selector = DeepReadonly<LabelSelector>;
/** The namespaces that one of that name is, or that have such labels. */
export type NamespaceChoice = { readonly named: string } | { readonly labelled: Selector };

type Labels = Readonly<Record<string, string>>;

export class PodIndex {
  readonly #namespaces: ReadonlyMap<string, Labels>;
  readonly #byAddress = new Map<string, PodFacts>();
  readonly #byNamespace = new Map<string, PodFacts[]>();
  /** By the key of a label: those that have it, under its value and under `namespace value`. Made when it is asked for. */
  readonly #byLabel = new Map<string, ReadonlyMap<string, readonly PodFacts[]>>();
  readonly #chosen = new Map<string, ReadonlySet<string>>();
  readonly #portNumbers = new Map<string, Set<number>>();

  /** `namespaces` are the labels of each, by name. */
  constructor(pods: Iterable<PodFacts>, namespaces: ReadonlyMap<string, Labels>) {
    this.#namespaces = namespaces;
    for (const pod of pods) {
      const other = this.#byAddress.get(pod.address);
      if (other === undefined || other.createdAt <= pod.createdAt) this.#byAddress.set(pod.address, pod);
    }
    for (const pod of this.#byAddress.values()) this.#add(pod);
  }

  /** One for each address. */
  all(): Iterable<PodFacts> {
    return this.#byAddress.values();
  }

  at(address: string): PodFacts | undefined {
    return this.#byAddress.get(address);
  }

  /** Which numbers a name of a port stands for, in whichever pods. */
  portNumbers(name: string, protocol: string): readonly number[] {
    return [...(this.#portNumbers.get(`${protocol} ${name}`) ?? [])].sort((a, b) => a - b);
  }

  select(namespaces: NamespaceChoice, selector: Selector): PodFacts[] {
    const chosen = this.#choose(namespaces);
    const isEmpty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
    if (isEmpty) return [...chosen].flatMap((namespace) => this.#byNamespace.get(namespace) ?? []);
    return this.#candidates(namespaces, chosen, selector).filter(
      ({ namespace, labels }) => chosen.has(namespace) && matchesLabelSelector(selector, labels),
    );
  }

  #candidates(namespaces: NamespaceChoice, chosen: ReadonlySet<string>, selector: Selector): readonly PodFacts[] {
    const prefix = 'named' in namespaces ? `${namespaces.named} ` : '';
    const lists = Object.entries(selector.matchLabels ?? {}).map(
      ([key, value]) => this.#withLabel(key).get(`${prefix}${value}`) ?? [],
    );
    const [first, ...more] = lists;
    if (first !== undefined) return more.reduce((least, list) => (list.length < least.length ? list : least), first);
    return [...chosen].flatMap((namespace) => this.#byNamespace.get(namespace) ?? []);
  }

  #withLabel(key: string): ReadonlyMap<string, readonly PodFacts[]> {
    const known = this.#byLabel.get(key);
    if (known !== undefined) return known;
    const lists = new Map<string, PodFacts[]>();
    for (const pod of this.#byAddress.values()) {
      const value = own(pod.labels, key);
      if (value === undefined) continue;
      append(lists, value, pod);
      append(lists, `${pod.namespace} ${value}`, pod);
    }
    this.#byLabel.set(key, lists);
    return lists;
  }

  #choose(choice: NamespaceChoice): ReadonlySet<string> {
    if ('named' in choice) return new Set([choice.named]);
    const key = JSON.stringify(choice.labelled);
    const known = this.#chosen.get(key);
    if (known !== undefined) return known;
    const names = [...this.#namespaces]
      .filter(([, labels]) => matchesLabelSelector(choice.labelled, labels))
      .map(([name]) => name);
    const chosen = new Set(names);
    this.#chosen.set(key, chosen);
    return chosen;
  }

  #add(pod: PodFacts): void {
    append(this.#byNamespace, pod.namespace, pod);
    for (const { name, protocol, port } of pod.ports) {
      const key = `${protocol} ${name}`;
      const numbers = this.#portNumbers.get(key);
      if (numbers === undefined) this.#portNumbers.set(key, new Set([port]));
      else numbers.add(port);
    }
  }
}

function append<T>(lists: Map<string, T[]>, key: string, one: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}
