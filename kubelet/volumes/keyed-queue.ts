/** Work on one thing after the other, on different things at the same time. */

export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Begins when all that was asked for before with this key has settled. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    const settled = result.catch(() => undefined);
    this.#last.set(key, settled);
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    return result;
  }
}
