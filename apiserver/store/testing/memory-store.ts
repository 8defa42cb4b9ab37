/**
 * The store contract in memory: for tests and tools. Keeps every change since the last compaction, so that lists at a
 * revision and watches from one behave as on the real store.
 */

import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { createDeferred, type Deferred } from '../../../base/deferred.ts';
import { SortedMap } from '../sorted-map.ts';
import {
  type Change,
  CompactedError,
  type Entry,
  FutureRevisionError,
  KeyExistsError,
  type ListOptions,
  type ListResult,
  RevisionConflictError,
  type Store,
  StoreUnavailableError,
  ValueTooLargeError,
  type WatchBatch,
  type WatchOptions,
  type WriteOptions,
} from '../store.ts';

interface Logged {
  readonly key: string;
  readonly revision: number;
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}

export interface MemoryStoreOptions {
  readonly clock?: Clock;
  /** Default 1.5 MiB, etcd's own limit for a request. */
  readonly maxValueBytes?: number;
}

export class MemoryStore implements Store {
  readonly #entries = new SortedMap<Entry>();
  readonly #clock: Clock;
  readonly #maxValueBytes: number;
  readonly #closed = new AbortController();
  /** Every change with a revision greater than `#compacted`, in order. */
  #log: Logged[] = [];
  #compacted = 0;
  /** As in etcd, an empty store is at 1. */
  #revision = 1;
  /** Settled at the next change: watches wait on it. */
  #changed: Deferred<void> = createDeferred();

  constructor({ clock = systemClock, maxValueBytes = 1.5 * 1024 * 1024 }: MemoryStoreOptions = {}) {
    this.#clock = clock;
    this.#maxValueBytes = maxValueBytes;
    // Every entry that ends by itself listens to it.
    setMaxListeners(0, this.#closed.signal);
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#refuseClosed();
    return this.#entries.get(key);
  }

  async list({ prefix, after = '', limit = 0, revision = 0 }: ListOptions): Promise<ListResult> {
    this.#refuseClosed();
    const source = revision === 0 ? this.#entries : this.#entriesAt(revision);
    const entries: Entry[] = [];
    for (const [, entry] of source.entries(prefix, after)) {
      if (limit > 0 && entries.length === limit) break;
      entries.push(entry);
    }
    const remaining = source.count(prefix, after) - entries.length;
    return { entries, revision: revision === 0 ? this.#revision : revision, remaining };
  }

  async create(key: string, value: Buffer, options: WriteOptions = {}): Promise<number> {
    this.#refuseClosed();
    this.#refuseLarge(key, value);
    if (this.#entries.has(key)) throw new KeyExistsError(key);
    return this.#put(key, value, options);
  }

  async update(key: string, value: Buffer, revision: number, options: WriteOptions = {}): Promise<number> {
    this.#refuseClosed();
    this.#refuseLarge(key, value);
    this.#refuseConflict(key, revision);
    return this.#put(key, value, options);
  }

  async delete(key: string, revision: number): Promise<number> {
    this.#refuseClosed();
    this.#refuseConflict(key, revision);
    return this.#remove(key);
  }

  async *watch({ prefix, after, signal }: WatchOptions): AsyncGenerator<WatchBatch> {
    const stopped = createDeferred<void>();
    const stop = (): void => stopped.resolve();
    const either = AbortSignal.any([signal, this.#closed.signal]);
    either.addEventListener('abort', stop);
    if (either.aborted) stop();
    let seen = after;
    try {
      while (!either.aborted) {
        if (seen < this.#compacted) throw new CompactedError(`Revision ${seen} is compacted`);
        const changed = this.#changed;
        if (this.#revision > seen) {
          const changes = this.#changesAfter(seen, prefix);
          seen = this.#revision;
          yield { changes, revision: seen };
        } else await Promise.race([changed.promise, stopped.promise]);
      }
    } finally {
      either.removeEventListener('abort', stop);
    }
  }

  async currentRevision(): Promise<number> {
    this.#refuseClosed();
    return this.#revision;
  }

  async compact(revision: number): Promise<void> {
    this.#refuseClosed();
    if (revision > this.#revision) throw new FutureRevisionError(`Revision ${revision} is not reached`);
    this.#compacted = Math.max(this.#compacted, revision);
    this.#log = this.#log.filter((one) => one.revision > this.#compacted);
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  #put(key: string, value: Buffer, { timeToLiveSeconds }: WriteOptions): number {
    const entry: Entry = { key, value, revision: this.#revision + 1 };
    this.#record(key, entry);
    if (timeToLiveSeconds !== undefined) void this.#expire(entry, timeToLiveSeconds);
    return entry.revision;
  }

  #remove(key: string): number {
    this.#record(key, undefined);
    return this.#revision;
  }

  #record(key: string, after: Entry | undefined): void {
    const before = this.#entries.get(key);
    this.#revision += 1;
    if (after === undefined) this.#entries.delete(key);
    else this.#entries.set(key, after);
    this.#log.push({ key, revision: this.#revision, before, after });
    this.#changed.resolve();
    this.#changed = createDeferred();
  }

  async #expire(entry: Entry, seconds: number): Promise<void> {
    await this.#clock.sleep(seconds * 1000, this.#closed.signal);
    if (!this.#closed.signal.aborted && this.#entries.get(entry.key) === entry) this.#remove(entry.key);
  }

  #changesAfter(revision: number, prefix: string): Change[] {
    // The log has every revision from the one after `#compacted` (or after 1) on: the position of each is known.
    const from = Math.max(0, revision - Math.max(1, this.#compacted));
    return this.#log
      .slice(from)
      .filter(({ key }) => key.startsWith(prefix))
      .map(toChange);
  }

  #entriesAt(revision: number): SortedMap<Entry> {
    if (revision > this.#revision) throw new FutureRevisionError(`Revision ${revision} is not reached`);
    if (revision < this.#compacted) throw new CompactedError(`Revision ${revision} is compacted`);
    const then = new SortedMap<Entry>();
    for (const [key, entry] of this.#entries.entries()) then.set(key, entry);
    for (const one of this.#log.toReversed()) {
      if (one.revision <= revision) break;
      if (one.before === undefined) then.delete(one.key);
      else then.set(one.key, one.before);
    }
    return then;
  }

  #refuseClosed(): void {
    if (this.#closed.signal.aborted) throw new StoreUnavailableError('The store is closed', { outcomeUnknown: false });
  }

  #refuseLarge(key: string, value: Buffer): void {
    if (value.length > this.#maxValueBytes) throw new ValueTooLargeError(`${key} has ${value.length} bytes`);
  }

  #refuseConflict(key: string, revision: number): void {
    const current = this.#entries.get(key);
    if (current?.revision !== revision) throw new RevisionConflictError(key, current);
  }
}

function toChange({ key, revision, before, after }: Logged): Change {
  if (after === undefined) return { type: 'delete', key, revision };
  return { type: 'put', entry: after, created: before === undefined };
}
