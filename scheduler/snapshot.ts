/**
 * Nodes and their pods as the scheduler sees them, changed in place as news comes in: the cycle is synchronous, so
 * nothing moves while a pod is being placed and no copy is needed.
 *
 * A placed pod is in one of two states, and only goes forward:
 *
 *   assumed ──(the informer shows it with its node)──► confirmed
 *      └─────(binding failed, or the pod is gone)────► forgotten
 */

import type { Node } from 'kubernetes-types/core/v1';
import type { Cached } from '../client/object-cache.ts';
import { AffinityIndex } from './affinity-index.ts';
import { ImageIndex } from './image-index.ts';
import { NodeInfo } from './node-info.ts';
import { type CountByNode, PodCounts, type PodQuestion } from './pod-counts.ts';
import type { PodInfo } from './pod-info.ts';

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

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
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
      known.update(node);
      this.images.set(known);
      return;
    }
    const info = new NodeInfo(node, this.#freeSlots.pop() ?? this.#slots++);
    this.#nodes.set(info.name, info);
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
