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

  get(): Promise<T> {
    this.#next ??= this.#startAfter(this.#running);
    return this.#next;
  }

  async #startAfter(running: Promise<unknown> | undefined): Promise<T> {
    try {
      await running;
    } catch {
      // Those who asked for that one are told.
    }
    // Also when nothing runs: what has arrived with this caller's request may still join.
    await new Promise(setImmediate);
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
