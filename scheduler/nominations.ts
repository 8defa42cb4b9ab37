/** Which pending pods wait for room on which node: their victims are ending, and nobody less important may slip in. */

import type { PodInfo } from './pod-info.ts';

const none: readonly PodInfo[] = [];

export class Nominations {
  /** The lists are replaced, never changed: the same list means the same pods. */
  readonly #byNode = new Map<string, readonly PodInfo[]>();
  readonly #nodeOf = new Map<string, string>();

  set(pod: PodInfo, nodeName: string): void {
    this.delete(pod.key);
    this.#byNode.set(nodeName, [...(this.#byNode.get(nodeName) ?? none), pod]);
    this.#nodeOf.set(pod.key, nodeName);
  }

  delete(key: string): void {
    const nodeName = this.#nodeOf.get(key);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(key);
    const others = (this.#byNode.get(nodeName) ?? none).filter((pod) => pod.key !== key);
    if (others.length === 0) this.#byNode.delete(nodeName);
    else this.#byNode.set(nodeName, others);
  }

  nodeOf(key: string): string | undefined {
    return this.#nodeOf.get(key);
  }

  get isEmpty(): boolean {
    return this.#nodeOf.size === 0;
  }

  /** The other pods nominated for this node that are at least as important as `pod`; mostly the same list as before. */
  rivalsOn(nodeName: string, pod: PodInfo): readonly PodInfo[] {
    // Asked for every node, and there is mostly none.
    if (this.#byNode.size === 0) return none;
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) return none;
    for (const other of pods) if (!isRival(other, pod)) return pods.filter((one) => isRival(one, pod));
    return pods;
  }

  lessImportantOn(nodeName: string, priority: number): readonly PodInfo[] {
    return (this.#byNode.get(nodeName) ?? none).filter((other) => other.priority < priority);
  }
}

const isRival = (other: PodInfo, pod: PodInfo): boolean => other.key !== pod.key && other.priority >= pod.priority;
