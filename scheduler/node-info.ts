/** A node with the sums over the pods on it. Kept by the snapshot; plugins only read it. */

import type { Node } from '../api/types/core/v1.ts';
import type { Cached } from '../client/object-cache.ts';
import type { HostPort, PodInfo } from './pod-info.ts';
import { addResources, type Resources, readResources } from './resources.ts';

const anyAddress = '0.0.0.0';

export class NodeInfo {
  readonly name: string;
  /** Index into arrays with one entry per node; stays the same while the node exists. */
  readonly slot: number;
  /** Grows with each change of the node or of its pods: remembered results of an older generation are void. */
  generation = 1;
  readonly pods: Map<string, PodInfo>;
  #node: Cached<Node>;
  #allocatable: Resources;
  readonly #requested: Map<string, number>;
  readonly #assumed: Map<string, number>;
  readonly #hostPorts: Map<string, number>;
  readonly #claims: Map<string, number>;

  /** Without pods, or with those of `like`, which is the same node. */
  constructor(node: Cached<Node>, slot: number, like?: NodeInfo) {
    this.name = node.metadata.name;
    this.slot = slot;
    this.pods = new Map(like?.pods);
    this.#node = node;
    this.#allocatable = like === undefined ? readResources(node.status?.allocatable) : like.#allocatable;
    this.#requested = new Map(like === undefined ? [] : like.#requested);
    this.#assumed = new Map(like === undefined ? [] : like.#assumed);
    this.#hostPorts = new Map(like === undefined ? [] : like.#hostPorts);
    this.#claims = new Map(like === undefined ? [] : like.#claims);
  }

  get node(): Cached<Node> {
    return this.#node;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#node.metadata.labels ?? {};
  }

  get allocatable(): Resources {
    return this.#allocatable;
  }

  /** What the pods on this node request, together. */
  get requested(): Resources {
    return this.#requested;
  }

  /** What they request with an assumed amount for containers that ask for nothing. */
  get assumedRequested(): Resources {
    return this.#assumed;
  }

  /** A heartbeat leaves the generation as it is: only what decisions depend on makes remembered results void. */
  update(node: Cached<Node>): void {
    const changed = decisiveParts(this.#node) !== decisiveParts(node);
    this.#node = node;
    if (!changed) return;
    this.#allocatable = readResources(node.status?.allocatable);
    this.generation++;
  }

  add(pod: PodInfo): void {
    this.remove(pod.key);
    this.pods.set(pod.key, pod);
    this.#count(pod, 1);
  }

  remove(key: string): void {
    const pod = this.pods.get(key);
    if (pod === undefined) return;
    this.pods.delete(key);
    this.#count(pod, -1);
  }

  /** Whether a pod on this node holds the port on the same address, or one of the two on all addresses. */
  isTaken({ address, protocol, port }: HostPort): boolean {
    if (this.#hostPorts.size === 0) return false;
    if (address !== anyAddress)
      return (
        this.#hostPorts.has(`${protocol} ${port} ${address}`) ||
        this.#hostPorts.has(`${protocol} ${port} ${anyAddress}`)
      );
    const prefix = `${protocol} ${port} `;
    for (const taken of this.#hostPorts.keys()) if (taken.startsWith(prefix)) return true;
    return false;
  }

  /** How many pods on this node use the claim, by its key. */
  usersOf(claim: string): number {
    return this.#claims.get(claim) ?? 0;
  }

  /** A copy to try things on: what if these pods were gone? */
  clone(): NodeInfo {
    return new NodeInfo(this.#node, this.slot, this);
  }

  #count(pod: PodInfo, factor: 1 | -1): void {
    addResources(this.#requested, pod.requests, factor);
    addResources(this.#assumed, pod.assumedRequests, factor);
    for (const { address, protocol, port } of pod.hostPorts)
      addCount(this.#hostPorts, `${protocol} ${port} ${address}`, factor);
    for (const claim of pod.claims) addCount(this.#claims, claim, factor);
    this.generation++;
  }
}

function addCount(counts: Map<string, number>, key: string, factor: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + factor;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function decisiveParts({ metadata, spec, status }: Cached<Node>): string {
  return JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable]);
}
