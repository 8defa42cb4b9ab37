/** How far a pull is, from what the runtime says of its layers. */

import type { LayerProgress } from '../runtime/runtime.ts';

interface Layer {
  state: LayerProgress['state'];
  bytes: number;
  /** 0: not known. */
  totalBytes: number;
}

export class PullProgress {
  readonly #layers = new Map<string, Layer>();

  note({ id, state, bytes, totalBytes }: LayerProgress): void {
    const layer = this.#layers.get(id) ?? { state, bytes: 0, totalBytes: 0 };
    layer.state = state;
    if (bytes !== undefined) layer.bytes = Math.max(layer.bytes, bytes);
    if (totalBytes !== undefined) layer.totalBytes = totalBytes;
    // What is not downloading any more is here, as large as it was said to be.
    if (state === 'unpacking' || state === 'done') layer.bytes = Math.max(layer.bytes, layer.totalBytes);
    this.#layers.set(id, layer);
  }

  /** `2 of 5 layers done, 36.5 MiB of 120.0 MiB downloaded`; undefined: nothing is known yet. */
  describe(): string | undefined {
    const layers = [...this.#layers.values()];
    if (layers.length === 0) return undefined;
    const done = layers.filter(({ state }) => state === 'done').length;
    const bytes = sum(layers.map((layer) => layer.bytes));
    // Of layers that wait nobody knows the size.
    const isWhole = layers.every(({ state, totalBytes }) => state === 'done' || totalBytes > 0);
    const of = isWhole ? ` of ${formatBytes(sum(layers.map(({ totalBytes }) => totalBytes)))}` : '';
    return `${done} of ${layers.length} layers done, ${formatBytes(bytes)}${of} downloaded`;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const formatBytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
