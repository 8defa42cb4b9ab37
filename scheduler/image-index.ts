/** Which nodes hold which container images, and how large these are. */

import type { NodeInfo } from './node-info.ts';

interface ImageState {
  /** As the first node that reported the image gave it: engines disagree about sizes. */
  sizeBytes: number;
  readonly nodes: Set<NodeInfo>;
}

export class ImageIndex {
  readonly #images = new Map<string, ImageState>();
  readonly #ofNode = new Map<NodeInfo, { source: unknown; names: string[] }>();

  get(name: string): { readonly sizeBytes: number; readonly nodes: ReadonlySet<NodeInfo> } | undefined {
    return this.#images.get(name);
  }

  set(node: NodeInfo): void {
    const images = node.node.status?.images ?? [];
    const before = this.#ofNode.get(node);
    const source = JSON.stringify(images);
    if (before?.source === source) return;
    const names: string[] = [];
    for (const { names: given = [], sizeBytes = 0 } of images) {
      for (const name of given ?? []) {
        names.push(name);
        const state = this.#images.get(name) ?? { sizeBytes, nodes: new Set() };
        state.nodes.add(node);
        this.#images.set(name, state);
      }
    }
    const kept = new Set(names);
    for (const name of before?.names ?? []) if (!kept.has(name)) this.#drop(name, node);
    this.#ofNode.set(node, { source, names });
  }

  remove(node: NodeInfo): void {
    for (const name of this.#ofNode.get(node)?.names ?? []) this.#drop(name, node);
    this.#ofNode.delete(node);
  }

  #drop(name: string, node: NodeInfo): void {
    const state = this.#images.get(name);
    state?.nodes.delete(node);
    if (state?.nodes.size === 0) this.#images.delete(name);
  }
}
