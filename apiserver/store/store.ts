/**
 * CONTRACT: the cluster store. Keys are paths (`/registry/pods/default/web`), values are bytes, and every change has a
 * revision: one counter for the whole store that only grows. `etcd-store.ts` is the real one, `testing/memory-store.ts` serves
 * tests and tools; `testing/store-conformance.ts` is the suite that both pass.
 *
 * All calls may run concurrently. Each either happens wholly or not at all. When a write's outcome is unknown (the
 * connection was lost after it was sent) the call fails with `StoreUnavailableError` whose `outcomeUnknown` is true.
 */

export interface Entry {
  readonly key: string;
  /** To look at it may throw `UnreadableEntryError`, where values are encrypted. */
  readonly value: Buffer;
  /** Revision of the change that wrote this value. */
  readonly revision: number;
  /** The same value would be stored in another form now, as with a newer key. Default false. */
  readonly isStale?: boolean;
}

export interface ListOptions {
  /** All keys that start with it. */
  readonly prefix: string;
  /** Only keys greater than this one (exclusive), for paging. */
  readonly after?: string;
  /** At most that many entries. */
  readonly limit?: number;
  /** The store as it was at this revision; absent or 0: now. */
  readonly revision?: number;
}

export interface ListResult {
  /** In key order, bytewise. */
  readonly entries: readonly Entry[];
  /** The revision at which all entries are true together. */
  readonly revision: number;
  /** How many more there are beyond `limit`. */
  readonly remaining: number;
}

export type Change =
  | { readonly type: 'put'; readonly entry: Entry /** The entry was not there before. */; readonly created: boolean }
  | { readonly type: 'delete'; readonly key: string; readonly revision: number };

export interface WriteOptions {
  /** The entry goes away by itself after about this long. */
  readonly timeToLiveSeconds?: number;
}

export interface Store {
  /** The entry, or undefined. Linearizable: never older than a write acknowledged before the call. */
  get(key: string): Promise<Entry | undefined>;

  /** Linearizable unless `revision` is given. Throws `CompactedError`, `FutureRevisionError`. */
  list(options: ListOptions): Promise<ListResult>;

  /** Writes a key that must not exist. Returns its revision. Throws `KeyExistsError`. */
  create(key: string, value: Buffer, options?: WriteOptions): Promise<number>;

  /** Replaces the value if the key's revision is still `revision`. Returns the new one. Throws `RevisionConflictError`. */
  update(key: string, value: Buffer, revision: number, options?: WriteOptions): Promise<number>;

  /** Deletes the key if its revision is still `revision`. Returns the deletion's revision. Throws `RevisionConflictError`. */
  delete(key: string, revision: number): Promise<number>;

  /**
   * Every change to keys below `prefix` with a revision greater than `after`, in order, none twice, none left out,
   * in batches as they come. A cut connection is mended inside. Ends when `signal` aborts; throws `CompactedError`
   * when the changes after `after` are no longer known.
   */
  watch(options: WatchOptions): AsyncIterable<WatchBatch>;

  /** The newest revision of the whole store. Linearizable. */
  currentRevision(): Promise<number>;

  /** Forgets what was before `revision`. A compaction that was done already is success. */
  compact(revision: number): Promise<void>;

  close(): Promise<void>;
}

export interface WatchOptions {
  readonly prefix: string;
  /** Changes after this revision; one that the store has not reached yet is waited for. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/** `changes` may be empty: then it says only that the watch has seen everything up to `revision`. */
export interface WatchBatch {
  readonly changes: readonly Change[];
  readonly revision: number;
}

export class KeyExistsError extends Error {
  override readonly name = 'KeyExistsError';
}

/** The key is at another revision, or gone. */
export class RevisionConflictError extends Error {
  override readonly name = 'RevisionConflictError';
  /** What is there now; undefined: nothing. */
  readonly current: Entry | undefined;

  constructor(key: string, current: Entry | undefined) {
    super(`${key} is ${current ? `at revision ${current.revision}` : 'gone'}`);
    this.current = current;
  }
}

export class CompactedError extends Error {
  override readonly name = 'CompactedError';
}

/** A revision that the store has not reached. */
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
}

/** A value over the store's limit. */
export class ValueTooLargeError extends Error {
  override readonly name = 'ValueTooLargeError';
}

export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly outcomeUnknown: boolean;

  constructor(message: string, options: { readonly outcomeUnknown: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.outcomeUnknown = options.outcomeUnknown;
  }
}
