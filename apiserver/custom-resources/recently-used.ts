/** Values that can be made again, of which only those used last are kept. */

export class RecentlyUsed<Value> {
  readonly #size: number;
  /** Those used last stand last. */
  readonly #values = new Map<string, Value>();

  constructor(size: number) {
    this.#size = size;
  }

  getOrMake(key: string, make: () => Value): Value {
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#size) {
      const [oldest] = this.#values.keys();
      if (oldest !== undefined) this.#values.delete(oldest);
    }
    return value;
  }
}
