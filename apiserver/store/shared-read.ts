/**
 * One read for many who ask at once. Each caller gets the result of a read that began after the call: callers of one
 * turn of the event loop share a read, and those who come while one is under way share the next.
 */

export class SharedRead<T> {
  readonly #read: () => Promise<T>;
  #running: Promise<unknown> | undefined;
  #next: Promise<T> | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  async get(): Promise<T> {
    this.#next ??= this.#startAfter(this.#running);
    return await this.#next;
  }

  async #startAfter(running: Promise<unknown> | undefined): Promise<T> {
    // Also when nothing runs: the rest of this turn may still join.
    await Promise.allSettled([running]);
    const read = this.#read();
    this.#running = read;
    this.#next = undefined;
    try {
      return await read;
    } finally {
      if (this.#running === read) this.#running = undefined;
    }
  }
}
