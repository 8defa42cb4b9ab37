/**
 * Values by texts, as many as were used lately: what can be made again from its key alone, and is dear to make. Keys are
 * bounded too, in number and in length.
 */

export interface RecentMapOptions {
  readonly maxEntries: number;
  /** Of a key, in characters. Beyond 16,383, V8 hashes strings by their length alone. */
  readonly maxKeyLength: number;
}

export class RecentMap<V> {
  readonly #options: RecentMapOptions;
  /** Those used last stand last. */
  readonly #values = new Map<string, V>();

  constructor(options: RecentMapOptions) {
    this.#options = options;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.#place(key, value);
    return value;
  }

  /** A key that is too long is not kept. */
  set(key: string, value: V): void {
    const { maxEntries, maxKeyLength } = this.#options;
    if (key.length > maxKeyLength) return;
    this.#place(key, value);
    if (this.#values.size <= maxEntries) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  #place(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
  }
}
