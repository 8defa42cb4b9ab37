/**
 * The store contract on etcd, through etcd3. Every write is one transaction on the key's mod revision, whose other
 * branch reads what is there instead; revisions are etcd's own.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { EtcdConnection, type EtcdConnectionOptions } from './etcd-connection.ts';
import { isLeaseGone } from './etcd-errors.ts';
import { EtcdLeases } from './etcd-leases.ts';
import {
  type ConditionalWrite,
  encodeCount,
  encodeRead,
  entryOf,
  prefixRange,
  type WriteAnswer,
} from './etcd-messages.ts';
import { watchEtcd } from './etcd-watch.ts';
import { SharedRead } from './shared-read.ts';
import {
  CompactedError,
  type Entry,
  KeyExistsError,
  type ListOptions,
  type ListResult,
  RevisionConflictError,
  type Store,
  type WatchBatch,
  type WatchOptions,
  type WriteOptions,
} from './store.ts';

export interface EtcdStoreOptions extends EtcdConnectionOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** What a page of a list should weigh; how many entries that is follows from the pages before. */
const pageBytes = 4 * 1024 * 1024;
const firstPageEntries = 100;
const largestPageEntries = 2_000;
/** A key that is never written: a read of it tells the current revision and nothing else. */
const countNothing = encodeCount(Buffer.from('\0'));

export class EtcdStore implements Store {
  readonly #connection: EtcdConnection;
  readonly #leases: EtcdLeases;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #currentRevision: SharedRead<number>;
  readonly #closed = new AbortController();

  constructor({ clock = systemClock, logger = silentLogger, ...connection }: EtcdStoreOptions) {
    this.#connection = new EtcdConnection(connection);
    this.#clock = clock;
    this.#logger = logger;
    this.#leases = new EtcdLeases((seconds) => this.#grantLease(seconds), clock);
    this.#currentRevision = new SharedRead(() => this.#readRevision());
  }

  async get(key: string): Promise<Entry | undefined> {
    const { entry } = await this.#connection.readKey(encodeRead(key));
    return entry;
  }

  async list({ prefix, after = '', limit = 0, revision = 0 }: ListOptions): Promise<ListResult> {
    const entries: Entry[] = [];
    let at = revision;
    let pageSize = firstPageEntries;
    for (;;) {
      const size = limit > 0 ? Math.min(pageSize, limit - entries.length) : pageSize;
      const range = prefixRange(prefix, entries.at(-1)?.key ?? after);
      const page = await this.#connection.read((kv, options) =>
        kv.range({ ...range, limit: size, ...(at > 0 && { revision: String(at) }) }, options),
      );
      for (const kv of page.kvs) entries.push(entryOf(kv));
      // All further pages are of the moment of the first.
      if (at === 0) at = Number(page.header.revision);
      const remaining = Number(page.count) - page.kvs.length;
      if (!page.more || (limit > 0 && entries.length >= limit)) return { entries, revision: at, remaining };
      pageSize = nextPageSize(page.kvs);
    }
  }

  async create(key: string, value: Buffer, options: WriteOptions = {}): Promise<number> {
    const { succeeded, revision } = await this.#write({ key, revision: 0, value, readOtherwise: false }, options);
    if (!succeeded) throw new KeyExistsError(`${key} exists`);
    return revision;
  }

  async update(key: string, value: Buffer, revision: number, options: WriteOptions = {}): Promise<number> {
    // etcd takes 0 for "does not exist": here that is a conflict like any other.
    if (revision <= 0) throw new RevisionConflictError(key, await this.get(key));
    return revisionOrConflict(key, await this.#write({ key, revision, value, readOtherwise: true }, options));
  }

  async delete(key: string, revision: number): Promise<number> {
    if (revision <= 0) throw new RevisionConflictError(key, await this.get(key));
    return revisionOrConflict(key, await this.#connection.write({ key, revision, readOtherwise: true }));
  }

  async *watch({ prefix, after, signal }: WatchOptions): AsyncGenerator<WatchBatch> {
    yield* watchEtcd(
      {
        open: () => this.#connection.openWatch(),
        currentRevision: () => this.currentRevision(),
        clock: this.#clock,
        onBroken: (error) => this.#logger.warn('The watch on etcd broke and is opened again', { prefix, error }),
      },
      { prefix, after, signal: AbortSignal.any([signal, this.#closed.signal]) },
    );
  }

  currentRevision(): Promise<number> {
    return this.#currentRevision.get();
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#connection.read((kv, options) => kv.compact({ revision: String(revision) }, options));
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#connection.close();
  }

  async #write(write: ConditionalWrite, { timeToLiveSeconds }: WriteOptions): Promise<WriteAnswer> {
    if (timeToLiveSeconds === undefined) return await this.#connection.write(write);
    try {
      return await this.#writeWithLease(write, timeToLiveSeconds);
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
      this.#leases.forget();
      return await this.#writeWithLease(write, timeToLiveSeconds);
    }
  }

  async #writeWithLease(write: ConditionalWrite, seconds: number): Promise<WriteAnswer> {
    return await this.#connection.write({ ...write, lease: await this.#leases.idFor(seconds) });
  }

  async #grantLease(seconds: number): Promise<string> {
    const { ID } = await this.#connection.lease((leases, options) => leases.leaseGrant({ TTL: seconds }, options));
    return ID;
  }

  async #readRevision(): Promise<number> {
    const { revision } = await this.#connection.readKey(countNothing);
    return revision;
  }
}

function revisionOrConflict(key: string, { succeeded, revision, current }: WriteAnswer): number {
  if (!succeeded) throw new RevisionConflictError(key, current);
  return revision;
}

function nextPageSize(page: readonly { readonly value: Buffer }[]): number {
  const bytes = page.reduce((sum, { value }) => sum + value.length, 0);
  const fitting = Math.floor((pageBytes * page.length) / Math.max(1, bytes));
  return Math.min(largestPageEntries, Math.max(1, fitting));
}
