/** A node never has more pods than it takes, of all worlds together. */

import { isOver } from './bounds.ts';
import type { StoredObject } from './end-state.ts';

export class NodeBound {
  readonly #most: number;
  /** Key of a pod that runs or will → its node. */
  readonly #nodes = new Map<string, string>();
  readonly #broken = new Set<string>();

  /** `most`: how many pods a node takes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** What did not hold. */
  get broken(): readonly string[] {
    return [...this.#broken];
  }

  put(key: string, pod: StoredObject): void {
    const node = pod.spec?.nodeName;
    if (node === undefined || isOver(pod)) {
      this.#nodes.delete(key);
      return;
    }
    this.#nodes.set(key, node);
    const there = [...this.#nodes.values()].filter((other) => other === node).length;
    if (there > this.#most) this.#broken.add(`${there} pods on a node for ${this.#most}`);
  }

  remove(key: string): void {
    this.#nodes.delete(key);
  }
}
