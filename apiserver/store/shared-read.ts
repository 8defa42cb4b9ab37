/**
 * One read for many who ask at once. Each caller gets the result of a read that began after the call: callers of one
 * turn of the event loop share a read, and those who come while enough are under way share the next.
 */

/** While one waits for its answer the next keeps this process at work; more of them only make more work. */
const mostUnderWay = 3;

export class SharedRead<T> {
  readonly #read: () => Promise<T>;
  readonly #underWay = new Set<Promise<unknown>>();
  #next: Promise<T> | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  get(): Promise<T> {
    this.#next ??= this.#startNext();
    return this.#next;
  }

  async #startNext(): Promise<T> {
    // Also when nothing is under way: what has arrived with this caller's request may still join.
    await new Promise(setImmediate);
    // Whether it failed is for those who asked for it.
    while (this.#underWay.size >= mostUnderWay) await Promise.race(this.#underWay).catch(() => undefined);
    const read = this.#read();
    this.#next = undefined;
    this.#underWay.add(read);
    try {
      return await read;
    } finally {
      this.#underWay.delete(read);
    }
  }
}
