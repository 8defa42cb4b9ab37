/**
 * A store in which the values of some resources are encrypted; those who use it see them plain. What is not encrypted
 * passes untouched. An entry that cannot be decrypted comes as an `UnreadableEntry`: it fails who looks at its value, and
 * nobody else.
 */

import {
  type Change,
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionConflictError,
  type Store,
  StoreUnavailableError,
  type WatchBatch,
  type WatchOptions,
  type WriteOptions,
} from '../store/store.ts';
import { UnreadableEntry } from '../store/unreadable-entry.ts';
import { KeyServiceError } from './ciphers/cipher.ts';
import type { Transformer } from './ciphers/transformer.ts';

/** What is encrypted how, at present. */
export interface TransformerSource {
  /** Undefined: what lies there is not encrypted. */
  transformerOf(place: string): Transformer | undefined;
  /** Called for each value that was sealed or opened, or could not be. */
  note(operation: 'to_storage' | 'from_storage', transformer: Transformer, error?: unknown): void;
}

export class EncryptedStore implements Store {
  readonly #store: Store;
  readonly #source: TransformerSource;
  readonly #writes = new Set<Promise<unknown>>();

  constructor(store: Store, source: TransformerSource) {
    this.#store = store;
    this.#source = source;
  }

  get(key: string): Promise<Entry | undefined> {
    const transformer = this.#source.transformerOf(key);
    const read = this.#store.get(key);
    return transformer === undefined ? read : read.then((entry) => entry && this.#openedNow(entry, transformer));
  }

  async list(options: ListOptions): Promise<ListResult> {
    const result = await this.#store.list(options);
    return { ...result, entries: await this.#openedAll(result.entries) };
  }

  create(key: string, value: Buffer, options?: WriteOptions): Promise<number> {
    const transformer = this.#source.transformerOf(key);
    if (transformer === undefined) return this.#store.create(key, value, options);
    return this.#noted(
      this.#sealed(value, key, transformer).then((sealed) => this.#store.create(key, sealed, options)),
    );
  }

  update(key: string, value: Buffer, revision: number, options?: WriteOptions): Promise<number> {
    const transformer = this.#source.transformerOf(key);
    if (transformer === undefined) return this.#store.update(key, value, revision, options);
    const written = this.#sealed(value, key, transformer)
      .then((sealed) => this.#store.update(key, sealed, revision, options))
      .catch((error: unknown) => this.#openConflict(error, transformer));
    return this.#noted(written);
  }

  /** Settles when every write is over that has begun so far: what comes later is encrypted as the source says now. */
  async writesUntilNow(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }

  delete(key: string, revision: number): Promise<number> {
    const transformer = this.#source.transformerOf(key);
    const deleted = this.#store.delete(key, revision);
    return transformer === undefined
      ? deleted
      : deleted.catch((error: unknown) => this.#openConflict(error, transformer));
  }

  async *watch(options: WatchOptions): AsyncGenerator<WatchBatch> {
    for await (const batch of this.#store.watch(options)) {
      const isPlain = batch.changes.every((change) => this.#transformerOfChange(change) === undefined);
      yield isPlain ? batch : { ...batch, changes: await this.#openedChanges(batch.changes) };
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

  #noted<T>(write: Promise<T>): Promise<T> {
    const over = write.finally(() => this.#writes.delete(over));
    this.#writes.add(over);
    return over;
  }

  async #openedAll(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const opened: Entry[] = [];
    for (const entry of entries) {
      const transformer = this.#source.transformerOf(entry.key);
      // Without a word of a key service in between: a page costs no more turns of the event loop than one value.
      const result = transformer === undefined ? entry : this.#opened(entry, transformer);
      opened.push(result instanceof Promise ? await result : result);
    }
    return opened;
  }

  async #openedChanges(changes: readonly Change[]): Promise<readonly Change[]> {
    const opened: Change[] = [];
    for (const change of changes) {
      const transformer = this.#transformerOfChange(change);
      if (change.type === 'delete' || transformer === undefined) opened.push(change);
      else opened.push({ ...change, entry: await this.#opened(change.entry, transformer) });
    }
    return opened;
  }

  #transformerOfChange(change: Change): Transformer | undefined {
    return change.type === 'put' ? this.#source.transformerOf(change.entry.key) : undefined;
  }

  /** Who asks for one entry can ask again: unlike a list, which others are in, it fails while the key is out of reach. */
  async #openedNow(entry: Entry, transformer: Transformer): Promise<Entry> {
    const opened = await this.#opened(entry, transformer);
    if (!(opened instanceof UnreadableEntry && opened.error.isTransient)) return opened;
    throw new StoreUnavailableError(opened.error.message, { outcomeUnknown: false, cause: opened.error });
  }

  #opened(entry: Entry, transformer: Transformer): Entry | Promise<Entry> {
    const { key, revision } = entry;
    const readable = ({ plain, isStale }: { readonly plain: Buffer; readonly isStale: boolean }): Entry => {
      this.#source.note('from_storage', transformer);
      return { key, value: plain, revision, ...(isStale && { isStale }) };
    };
    const unreadable = (error: unknown): Entry => {
      this.#source.note('from_storage', transformer, error);
      return new UnreadableEntry(entry, error, error instanceof KeyServiceError);
    };
    try {
      const opened = transformer.open(entry.value, key);
      return opened instanceof Promise ? opened.then(readable, unreadable) : readable(opened);
    } catch (error) {
      return unreadable(error);
    }
  }

  async #sealed(value: Buffer, key: string, transformer: Transformer): Promise<Buffer> {
    try {
      const sealed = await transformer.seal(value, key);
      this.#source.note('to_storage', transformer);
      return sealed;
    } catch (error) {
      this.#source.note('to_storage', transformer, error);
      if (!(error instanceof KeyServiceError)) throw error;
      throw new StoreUnavailableError(error.message, { outcomeUnknown: false, cause: error });
    }
  }

  /** Always throws: the conflict with the present entry as its readers see it, or what else it was. */
  async #openConflict(error: unknown, transformer: Transformer): Promise<never> {
    if (!(error instanceof RevisionConflictError) || error.current === undefined) throw error;
    const { current } = error;
    throw new RevisionConflictError(current.key, await this.#opened(current, transformer));
  }
}
