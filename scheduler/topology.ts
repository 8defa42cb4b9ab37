/** Where nodes are by one of their labels, found by slot: for each decision thousands of nodes are asked for it. */

import { own } from '../api/json-record.ts';
import type { NodeInfo } from './node-info.ts';

export class Topology {
  /** The values that the label has, each once. */
  readonly values: readonly string[];
  /** Index into `values` by slot of the node; -1 without the label. */
  readonly #indices: Int32Array;

  constructor(label: string, nodes: Iterable<NodeInfo>, slots: number) {
    const indexOf = new Map<string, number>();
    this.#indices = new Int32Array(slots).fill(-1);
    for (const { labels, slot } of nodes) {
      const value = own(labels, label);
      if (value === undefined) continue;
      const index = indexOf.get(value) ?? indexOf.size;
      indexOf.set(value, index);
      this.#indices[slot] = index;
    }
    this.values = [...indexOf.keys()];
  }

  /** Index into `values`; -1 for a node without the label. */
  indexOf(node: NodeInfo): number {
    return this.#indices[node.slot] ?? -1;
  }

  valueOf(node: NodeInfo): string | undefined {
    return this.values[this.#indices[node.slot] ?? -1];
  }
}
