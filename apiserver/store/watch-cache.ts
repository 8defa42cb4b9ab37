/**
 * One resource in memory (CONTRACT: `resource-cache.ts`). Fed by `watch-caches.ts`, which owns the one watch on the
 * store and calls `load`, `apply` and `notify`.
 *
 *   loading ──(pages listed at one revision, then the changes since)──► ready ──(feed lost its place)──► loading
 *
 * Invariants:
 * - once ready, objects and history are the state at the feed's revision, between two calls of `apply`;
 * - while it loads again the old objects are still read, and no watch is open;
 * - watchers get every change after the one they began with, in order, or are told that they are over;
 * - an object whose value cannot be read is none of the objects, and watchers hear nothing of it until it goes or can
 *   be read: then they get that as a change of what they knew.
 */

import { type Clock, systemClock } from '../../base/clock.ts';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { Turns } from '../../base/turns.ts';
import { CacheChange } from './cache-change.ts';
import { CacheHistory, defaultHistoryLimits, type HistoryLimits } from './cache-history.ts';
import { listPage, undo } from './cache-objects.ts';
import { CacheWatcher, defaultQueueLimits, type QueueLimits } from './cache-watcher.ts';
import { CachedVersion } from './cached-version.ts';
import {
  CacheBehindError,
  CacheClosedError,
  type CachedObject,
  type CachedResource,
  type CacheList,
  type CacheListOptions,
  type CacheWatch,
  type CacheWatchOptions,
  type ResourceCache,
} from './resource-cache.ts';
import { SortedMap } from './sorted-map.ts';
import { type Change, CompactedError, type Entry, type Store } from './store.ts';
import { UnreadableEntryError } from './unreadable-entry.ts';
import { WatcherIndex } from './watcher-index.ts';

/** What a cache needs of the feed that it hangs on. */
export interface CacheFeed {
  /** Up to where changes have been applied. */
  readonly revision: number;
  /** What was before this the store has forgotten, as far as is known here. */
  readonly compactedRevision: number;
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  waitUntilConsistent(timeoutMs: number): Promise<void>;
}

export interface WatchCacheParts {
  readonly store: Pick<Store, 'get' | 'list'>;
  readonly feed: CacheFeed;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly historyLimits?: HistoryLimits;
  readonly queueLimits?: QueueLimits;
  readonly random?: () => number;
}

/** Entries listed at a time: each page is parsed in one go, and other work goes on between pages. */
const loadPage = 500;
/** Of those that cannot be read, so many are tried again at a time. */
const retriedAtOnce = 20;
const loggedByName = 10;
/** Bookmarks of a watcher come once in so many turns of `sendBookmarks`. */
const bookmarkTurns = 60;

/** By key. `last`: as the object was when it could be read, and as watchers know it. */
type UnreadableObjects = Map<
  string,
  { readonly error: UnreadableEntryError; readonly last: CachedVersion | undefined }
>;

export class WatchCache implements ResourceCache {
  readonly #resource: CachedResource;
  readonly #parts: WatchCacheParts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #watchers: WatcherIndex;
  readonly #bookmarkTurn = new Map<CacheWatcher, number>();
  readonly #available = new Set<CacheWatcher>();
  #objects = new SortedMap<CachedVersion>();
  #unreadable: UnreadableObjects = new Map();
  #bytes = 0;
  #history: CacheHistory;
  /** While loading: the changes since the revision that is listed. */
  #pending: Change[] | undefined = [];
  /** Grows with each load that is begun: one that was overtaken ends without effect. */
  #generation = 0;
  /** The revision of the objects while they are not kept up. */
  #staleRevision = 0;
  #ready: Deferred<void> = createDeferred();
  #wasLoaded = false;

  constructor(resource: CachedResource, parts: WatchCacheParts) {
    this.#resource = resource;
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#logger = (parts.logger ?? silentLogger).child({ resource: resource.prefix });
    this.#watchers = new WatcherIndex(resource.indexedField);
    this.#history = new CacheHistory(0);
  }

  get isReady(): boolean {
    return this.#wasLoaded;
  }

  get revision(): number {
    return this.#pending === undefined ? this.#parts.feed.revision : this.#staleRevision;
  }

  get stats() {
    const { size: unreadable } = this.#unreadable;
    return { objects: this.#objects.size, watchers: this.#watchers.size, bytes: this.#bytes, unreadable };
  }

  async ready(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const aborted = createDeferred<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      await Promise.race([this.#ready.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  waitFor(revision: number, timeoutMs: number): Promise<void> {
    return this.#whenReady(timeoutMs, (left) => this.#parts.feed.waitFor(revision, left));
  }

  waitUntilConsistent(timeoutMs: number): Promise<void> {
    return this.#whenReady(timeoutMs, (left) => this.#parts.feed.waitUntilConsistent(left));
  }

  get(key: string): CachedObject | undefined {
    return this.#objects.get(key);
  }

  whyUnreadable(key: string): UnreadableEntryError | undefined {
    return this.#unreadable.get(key)?.error;
  }

  countUnreadable(prefix: string): number {
    let count = 0;
    for (const key of this.#unreadable.keys()) if (key.startsWith(prefix)) count += 1;
    return count;
  }

  list(options: CacheListOptions): CacheList {
    return listPage(this.#objects, this.#resource, options, this.revision);
  }

  listAt(revision: number, options: CacheListOptions): CacheList | undefined {
    // What has not changed since could still be told; but the past ends for all kinds, and on all servers, at once.
    const oldest = Math.max(this.#history.knownSince, this.#parts.feed.compactedRevision);
    if (this.#pending !== undefined || revision < oldest || revision > this.revision) return undefined;
    return listPage(undo(this.#objects, this.#history.after(revision)), this.#resource, options, revision);
  }

  watch(options: CacheWatchOptions): CacheWatch {
    if (this.#pending !== undefined || options.after < this.#history.knownSince) {
      throw new CompactedError(`The changes after revision ${options.after} are not known any more`);
    }
    const limits = this.#parts.queueLimits ?? defaultQueueLimits;
    const watcher = new CacheWatcher(options, limits, (closed) => this.#remove(closed));
    watcher.replay(this.#history.after(options.after));
    this.#watchers.add(watcher);
    const random = this.#parts.random ?? Math.random;
    if (options.bookmarks) this.#bookmarkTurn.set(watcher, Math.floor(random() * bookmarkTurns));
    queueMicrotask(() => this.#tell(watcher));
    return watcher;
  }

  /** FEED. The feed loses its place: what is here stays readable as it is, and a `load` follows. */
  suspend(): void {
    if (this.#pending === undefined) {
      this.#staleRevision = this.#parts.feed.revision;
      this.#ready = createDeferred();
    }
    this.#pending = [];
    for (const watcher of [...this.#watchers]) watcher.end('restarted');
  }

  /** FEED. No change will follow, and no load. */
  end(): void {
    this.suspend();
    this.#generation += 1;
    // Most often nobody waits.
    this.#ready.promise.catch(() => {});
    this.#ready.reject(new CacheClosedError(`${this.#resource.prefix} is served no more`));
  }

  /** FEED. The feed is at `revision` and hands on every change after it: loads the state that they build upon. */
  async load(revision: number, signal: AbortSignal): Promise<void> {
    this.suspend();
    this.#generation += 1;
    const generation = this.#generation;
    const objects = new SortedMap<CachedVersion>();
    const unreadable: UnreadableObjects = new Map();
    let bytes = 0;
    let after = '';
    const turns = new Turns();
    const isOvertaken = () => signal.aborted || generation !== this.#generation;
    for (let remaining = 1; remaining > 0; ) {
      const page = await this.#parts.store.list({ prefix: this.#resource.prefix, after, limit: loadPage, revision });
      for (const entry of page.entries) {
        await turns.pause();
        if (isOvertaken()) return;
        const version = this.#read(entry);
        if (version instanceof UnreadableEntryError) {
          unreadable.set(entry.key, { error: version, last: undefined });
          continue;
        }
        objects.set(entry.key, version);
        bytes += version.bytes.length;
      }
      after = page.entries.at(-1)?.key ?? after;
      remaining = page.remaining;
    }
    if (isOvertaken()) return;
    this.#logUnreadable(unreadable);
    this.#unreadable = unreadable;
    this.#install(objects, bytes, revision);
  }

  /** Whoever waits for the first load, or the next, is told why it has failed: another follows. */
  protected tellWaiting(error: unknown): void {
    const { promise, reject } = this.#ready;
    this.#ready = createDeferred();
    // Most often nobody waits.
    promise.catch(() => {});
    reject(error);
  }

  /** FEED. One change of this resource; `notify` follows once the whole batch is applied. */
  apply(change: Change): void {
    if (this.#pending !== undefined) {
      this.#pending.push(change);
      return;
    }
    const applied = this.#record(change);
    if (applied === undefined) return;
    for (const watcher of this.#watchers.concernedBy(applied)) {
      if (watcher.offer(applied)) this.#available.add(watcher);
    }
  }

  /** FEED. Whether something that could not be read can be now: then a `load` is due. */
  async canReadMore(): Promise<boolean> {
    for (const key of [...this.#unreadable.keys()].slice(0, retriedAtOnce)) {
      const entry = await this.#parts.store.get(key);
      if (entry !== undefined && !(this.#read(entry) instanceof UnreadableEntryError)) return true;
    }
    return false;
  }

  /** FEED. Tells the watchers that have got something. */
  notify(): void {
    if (this.#available.size === 0) return;
    const watchers = [...this.#available];
    this.#available.clear();
    for (const watcher of watchers) this.#tell(watcher);
  }

  /** FEED. Called about once a second with a number that grows by one: each watcher's turn comes about once a minute. */
  sendBookmarks(turn: number): void {
    if (this.#pending !== undefined) return;
    for (const [watcher, own] of this.#bookmarkTurn) {
      if (turn % bookmarkTurns === own && watcher.offerBookmark(this.revision)) this.#available.add(watcher);
    }
    this.notify();
  }

  #install(objects: SortedMap<CachedVersion>, bytes: number, revision: number): void {
    const pending = this.#pending ?? [];
    this.#objects = objects;
    this.#bytes = bytes;
    this.#history = new CacheHistory(revision, this.#parts.historyLimits ?? defaultHistoryLimits);
    this.#pending = undefined;
    for (const change of pending) this.#record(change);
    this.#wasLoaded = true;
    this.#ready.resolve();
  }

  #record(change: Change): CacheChange | undefined {
    const [key, revision] =
      change.type === 'put' ? [change.entry.key, change.entry.revision] : [change.key, change.revision];
    const before = this.#objects.get(key) ?? this.#unreadable.get(key)?.last;
    const after = change.type === 'put' ? this.#read(change.entry) : undefined;
    if (after instanceof UnreadableEntryError) {
      this.#hide(key, after, before);
      return undefined;
    }
    this.#unreadable.delete(key);
    if (before === undefined && after === undefined) return undefined;
    this.#bytes += (after?.bytes.length ?? 0) - (this.#objects.get(key)?.bytes.length ?? 0);
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    const applied = new CacheChange({ key, revision, before, after });
    this.#history.add(applied, this.#clock.monotonic());
    return applied;
  }

  /** What cannot be decrypted, or somebody else wrote and is no object, must not stop everything else. */
  #read(entry: Entry): CachedVersion | UnreadableEntryError {
    try {
      return CachedVersion.from(entry, this.#resource);
    } catch (error) {
      if (error instanceof UnreadableEntryError) return error;
      // The error itself would show a part of the value.
      return new UnreadableEntryError(entry, new Error('it is not the JSON of an object'), false);
    }
  }

  #hide(key: string, error: UnreadableEntryError, last: CachedVersion | undefined): void {
    const hidden: UnreadableObjects = new Map([[key, { error, last }]]);
    this.#logUnreadable(hidden);
    this.#bytes -= this.#objects.get(key)?.bytes.length ?? 0;
    this.#objects.delete(key);
    for (const [name, one] of hidden) this.#unreadable.set(name, one);
  }

  /** Once for each object, as long as it stays unreadable; the first few by name. */
  #logUnreadable(found: UnreadableObjects): void {
    const fresh = [...found].filter(([key]) => !this.#unreadable.has(key));
    for (const [key, { error }] of fresh.slice(0, loggedByName)) {
      this.#logger.error('An entry of the store is not readable: it is left out', { key, error: error.message });
    }
    if (fresh.length > loggedByName) {
      this.#logger.error('Further entries of the store are not readable', { count: fresh.length - loggedByName });
    }
  }

  #tell(watcher: CacheWatcher): void {
    try {
      watcher.notify();
    } catch (error) {
      this.#logger.error('A watcher failed and is closed', { error });
      watcher.close();
    }
  }

  #remove(watcher: CacheWatcher): void {
    this.#watchers.delete(watcher);
    this.#bookmarkTurn.delete(watcher);
    this.#available.delete(watcher);
  }

  #whenReady(timeoutMs: number, wait: (leftMs: number) => Promise<void>): Promise<void> {
    return this.#pending === undefined ? wait(timeoutMs) : this.#onceLoaded(timeoutMs, wait);
  }

  async #onceLoaded(timeoutMs: number, wait: (leftMs: number) => Promise<void>): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    await this.#loadedWithin(timeoutMs);
    await wait(Math.max(0, deadline - this.#clock.monotonic()));
  }

  async #loadedWithin(timeoutMs: number): Promise<void> {
    const waiting = new AbortController();
    const late = this.#clock.sleep(timeoutMs, waiting.signal).then(() => 'late');
    const outcome = await Promise.race([this.#ready.promise, late]);
    waiting.abort();
    if (outcome === 'late') throw new CacheBehindError(this.#parts.feed.revision, this.#staleRevision);
  }
}
