/** Which pending pods wait for room on which node: their victims are ending, and nobody less important may slip in. */

import type { PodInfo } from './pod-info.ts';

const none: readonly PodInfo[] = [];

export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  set(pod: PodInfo, nodeName: string): void {
    this.delete(pod.key);
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>();
    pods.set(pod.key, pod);
    this.#byNode.set(nodeName, pods);
    this.#nodeOf.set(pod.key, nodeName);
  }

  delete(key: string): void {
    const nodeName = this.#nodeOf.get(key);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(key);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(key);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(key: string): string | undefined {
    return this.#nodeOf.get(key);
  }

  /** The other pods nominated for this node that are at least as important as `pod`. */
  rivalsOn(nodeName: string, pod: PodInfo): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) return none;
    return [...pods.values()].filter((other) => other.key !== pod.key && other.priority >= pod.priority);
  }

  lessImportantOn(nodeName: string, priority: number): PodInfo[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])].filter((other) => other.priority < priority);
  }
}
