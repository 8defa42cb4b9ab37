/** A store whose values lie in it in another form, for instance encrypted. Callers see them plain. */

import {
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionConflictError,
  type Store,
  type WatchBatch,
  type WatchOptions,
  type WriteOptions,
} from './store.ts';

/** Both may depend on the key: `open(key, seal(key, value))` is `value`. Called for every value; throws on a broken one. */
export interface ValueTransformer {
  seal(key: string, value: Buffer): Buffer;
  open(key: string, sealed: Buffer): Buffer;
}

export class TransformingStore implements Store {
  readonly #store: Store;
  readonly #transformer: ValueTransformer;

  constructor(store: Store, transformer: ValueTransformer) {
    this.#store = store;
    this.#transformer = transformer;
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#openEntry(await this.#store.get(key));
  }

  async list(options: ListOptions): Promise<ListResult> {
    const result = await this.#store.list(options);
    return { ...result, entries: result.entries.map((entry) => this.#open(entry)) };
  }

  async create(key: string, value: Buffer, options?: WriteOptions): Promise<number> {
    return await this.#store.create(key, this.#transformer.seal(key, value), options);
  }

  async update(key: string, value: Buffer, revision: number, options?: WriteOptions): Promise<number> {
    return await this.#openConflict(
      key,
      this.#store.update(key, this.#transformer.seal(key, value), revision, options),
    );
  }

  async delete(key: string, revision: number): Promise<number> {
    return await this.#openConflict(key, this.#store.delete(key, revision));
  }

  async *watch(options: WatchOptions): AsyncGenerator<WatchBatch> {
    for await (const batch of this.#store.watch(options)) {
      const changes = batch.changes.map((change) =>
        change.type === 'put' ? { ...change, entry: this.#open(change.entry) } : change,
      );
      yield { ...batch, changes };
    }
  }

  currentRevision(): Promise<number> {
    return this.#store.currentRevision();
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #open(entry: Entry): Entry {
    return { ...entry, value: this.#transformer.open(entry.key, entry.value) };
  }

  #openEntry(entry: Entry | undefined): Entry | undefined {
    return entry && this.#open(entry);
  }

  async #openConflict<T>(key: string, write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      if (!(error instanceof RevisionConflictError)) throw error;
      throw new RevisionConflictError(key, this.#openEntry(error.current));
    }
  }
}
