/**
 * Nodes and their pods as the scheduler sees them, changed in place as news comes in: the cycle is synchronous, so
 * nothing moves while a pod is being placed and no copy is needed.
 *
 * A placed pod is in one of two states, and only goes forward:
 *
 *   assumed ──(the informer shows it with its node)──► confirmed
 *      └─────(binding failed, or the pod is gone)────► forgotten
 */

import { equalJson } from '../api/json-record.ts';
import type { Node } from '../api/types/core/v1.ts';
import type { Cached } from '../client/object-cache.ts';
import { AffinityIndex } from './affinity-index.ts';
import { ImageIndex } from './image-index.ts';
import { NodeInfo } from './node-info.ts';
import { type CountByNode, PodCounts, type PodQuestion } from './pod-counts.ts';
import type { PodInfo } from './pod-info.ts';
import { Topology } from './topology.ts';

export class Snapshot {
  readonly affinity = new AffinityIndex();
  readonly images = new ImageIndex();
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Where each placed pod is, by key. Its node may be unknown as yet, or gone. */
  readonly #places = new Map<string, { pod: PodInfo; nodeName: string; assumed: boolean }>();
  /** Pods of nodes that are not known (yet), by node name. */
  readonly #strays = new Map<string, Map<string, PodInfo>>();
  readonly #counts = new PodCounts();
  /** The nodes as an array, made when it is needed. */
  #list: NodeInfo[] | undefined;
  #position = 0;
  readonly #topologies = new Map<string, Topology>();

  get nodeCount(): number {
    return this.#nodes.size;
  }

  /** One more than the highest slot in use. */
  get slots(): number {
    return this.#slots;
  }

  nodes(): IterableIterator<NodeInfo> {
    return this.#nodes.values();
  }

  /**
   * Visits nodes until `visit` says that it has enough, each time going on where the last walk ended, so that over
   * time all nodes are looked at alike. Neighbours in the list are visited far from each other: nodes of one zone are
   * often added together, and a part of the list should be a sample of the whole.
   */
  walk(visit: (node: NodeInfo) => 'more' | 'enough'): void {
    this.#list ??= [...this.#nodes.values()];
    const list = this.#list;
    const stride = strideFor(list.length);
    for (let visited = 0; visited < list.length; visited++) {
      this.#position = (this.#position + stride) % list.length;
      const node = list[this.#position];
      if (node !== undefined && visit(node) === 'enough') return;
    }
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** Where the nodes are by a label: good until a node comes, goes or gets other labels. */
  topology(label: string): Topology {
    let topology = this.#topologies.get(label);
    if (topology === undefined) {
      topology = new Topology(label, this.#nodes.values(), this.#slots);
      this.#topologies.set(label, topology);
    }
    return topology;
  }

  /** How many pods answer `question` on each node. */
  countPods(question: PodQuestion): CountByNode {
    return this.#counts.ask(question, this.#nodes.values());
  }

  namespacesChanged(): void {
    this.#counts.clear();
  }

  setNode(node: Cached<Node>): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known !== undefined) {
      const { labels } = known;
      known.update(node);
      if (!equalJson(labels, known.labels)) this.#nodeLabelsChanged();
      this.images.set(known);
      return;
    }
    const info = new NodeInfo(node, this.#freeSlots.pop() ?? this.#slots++);
    this.#nodes.set(info.name, info);
    this.#nodesChanged();
    this.images.set(info);
    for (const pod of this.#strays.get(info.name)?.values() ?? []) this.#put(pod, info);
    this.#strays.delete(info.name);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    for (const pod of [...info.pods.values()]) {
      this.#take(pod, info);
      this.#stray(name).set(pod.key, pod);
    }
    this.#nodes.delete(name);
    this.#nodesChanged();
    this.images.remove(info);
    this.#freeSlots.push(info.slot);
  }

  /** Counts the pod as placed before its binding is stored. */
  assume(pod: PodInfo, node: NodeInfo): void {
    this.#place(pod, node.name, true);
  }

  /** The binding failed: the pod is nowhere again. A pod that was seen bound meanwhile stays. */
  forget(pod: PodInfo): void {
    const place = this.#places.get(pod.key);
    if (place?.assumed && place.pod.uid === pod.uid) this.removePod(pod.key);
  }

  /** The informer shows the pod on a node. */
  setPod(pod: PodInfo, nodeName: string): void {
    this.#place(pod, nodeName, false);
  }

  /** The informer shows a placed pod where it is, in a version that changes no sum: what is remembered of its node stays good. */
  refreshPod(pod: PodInfo): void {
    const place = this.#places.get(pod.key);
    if (place === undefined) return;
    this.#places.set(pod.key, { ...place, pod, assumed: false });
    const pods = this.#nodes.get(place.nodeName)?.pods ?? this.#strays.get(place.nodeName);
    pods?.set(pod.key, pod);
  }

  removePod(key: string): PodInfo | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    this.#places.delete(key);
    const info = this.#nodes.get(place.nodeName);
    if (info !== undefined) this.#take(place.pod, info);
    else this.#dropStray(place.nodeName, key);
    return place.pod;
  }

  /** The pod that is placed under this key, and whether that is only assumed. */
  placed(key: string): { readonly pod: PodInfo; readonly nodeName: string; readonly assumed: boolean } | undefined {
    return this.#places.get(key);
  }

  #nodesChanged(): void {
    this.#list = undefined;
    this.#topologies.clear();
  }

  #nodeLabelsChanged(): void {
    this.#topologies.clear();
    this.#counts.nodeLabelsChanged();
    this.affinity.nodeLabelsChanged();
  }

  #place(pod: PodInfo, nodeName: string, assumed: boolean): void {
    this.removePod(pod.key);
    this.#places.set(pod.key, { pod, nodeName, assumed });
    const info = this.#nodes.get(nodeName);
    if (info !== undefined) this.#put(pod, info);
    else this.#stray(nodeName).set(pod.key, pod);
  }

  #put(pod: PodInfo, info: NodeInfo): void {
    info.add(pod);
    this.#counts.count(pod, info, 1);
    this.affinity.count(pod, info, 1);
  }

  #take(pod: PodInfo, info: NodeInfo): void {
    info.remove(pod.key);
    this.#counts.count(pod, info, -1);
    this.affinity.count(pod, info, -1);
  }

  #stray(nodeName: string): Map<string, PodInfo> {
    let pods = this.#strays.get(nodeName);
    if (pods === undefined) {
      pods = new Map();
      this.#strays.set(nodeName, pods);
    }
    return pods;
  }

  #dropStray(nodeName: string, key: string): void {
    const pods = this.#strays.get(nodeName);
    pods?.delete(key);
    if (pods?.size === 0) this.#strays.delete(nodeName);
  }
}

/** A step through a ring of `count` places that comes by each of them: it has no divisor in common with `count`. */
function strideFor(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (greatestDivisor(stride, count) > 1) stride++;
  return stride;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
