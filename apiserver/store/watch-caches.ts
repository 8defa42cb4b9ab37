/**
 * All resource caches over one store, fed by one watch on everything: a change anywhere moves every cache's revision,
 * so that a resource in which nothing happens is never behind. Read `resource-cache.ts` first.
 *
 *   current revision R → watch after R ─ each change ─► the cache of its prefix ─► watchers
 *                      └ each cache lists itself at R, and applies what came meanwhile
 *   the store was compacted beyond our place (or replaced) → all over again; watchers are ended
 */

import { computeBackoffMs } from '../../base/backoff.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { createDeferred } from '../../base/deferred.ts';
import type { Running } from '../../base/lifecycle.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { ConvertedCache } from './converted-cache.ts';
import type { CachedResource, CacheName, ResourceCache, ResourceCaches } from './resource-cache.ts';
import { RevisionWaiters } from './revision-waiters.ts';
import { SharedRead } from './shared-read.ts';
import {
  type Change,
  CompactedError,
  KeyExistsError,
  RevisionConflictError,
  type Store,
  StoreUnavailableError,
} from './store.ts';
import { type CacheFeed, WatchCache, type WatchCacheParts } from './watch-cache.ts';

export interface WatchCachesOptions extends Pick<WatchCacheParts, 'historyLimits' | 'queueLimits' | 'random'> {
  readonly store: Store;
  /** Everything below it is watched. Default `/registry/`. */
  readonly root?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const backoff = { baseMs: 100, maxMs: 2_000 };
const bookmarkTurnMs = 1_000;
/** What cannot be read is tried again: keys come back, and services that keep them. */
const retryUnreadableMs = 3_000;
/** A cache that is open on demand, and that nobody has asked for so long, is closed. */
const idleMs = 5 * 60_000;
/** A revision that the store has and the watch has not shown after so long belongs to somebody else's keys. */
const nudgeAfterMs = 150;

export class WatchCaches implements ResourceCaches, CacheFeed, Running {
  readonly name = 'watch-caches';
  readonly done: Promise<void>;
  readonly #options: WatchCachesOptions;
  readonly #store: Store;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By prefix and form. */
  readonly #caches = new Map<string, WatchCache>();
  /** The same: those below one prefix, in whichever form. */
  readonly #byPrefix = new Map<string, Set<WatchCache>>();
  /** When caches that are open on demand were last asked for, in monotonic milliseconds. */
  readonly #lastAsked = new Map<string, number>();
  readonly #reached: RevisionWaiters;
  readonly #nudge: SharedRead<void>;
  readonly #stopped = new AbortController();
  readonly #loads = new Set<Promise<void>>();
  /** Whether the watch has a place to start from. */
  #isFollowing = false;

  /** Starts at once; caches are opened whenever they are wanted. */
  readonly #compactionKey: string;
  #nextCompaction = 0;
  /** What was before this the store has forgotten, as far as has been seen. */
  compactedRevision = 0;

  constructor(options: WatchCachesOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#root = options.root ?? '/registry/';
    this.#compactionKey = `${this.#root}compaction`;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#reached = new RevisionWaiters(this.#clock);
    this.#nudge = new SharedRead(() => this.#writeNudge());
    this.done = Promise.all([this.#follow(), this.#sendBookmarks(), this.#retryUnreadable()]).then(async () => {
      await Promise.all(this.#loads);
    });
  }

  open(resource: CachedResource): WatchCache {
    const id = idOf(resource);
    if (resource.onDemand) this.#lastAsked.set(id, this.#clock.monotonic());
    const known = this.#caches.get(id);
    if (known !== undefined) return known;
    const { prefix } = resource;
    if (!prefix.startsWith(this.#root)) throw new Error(`${prefix} is not below ${this.#root}`);
    const cache = this.#create(resource);
    this.#caches.set(id, cache);
    const forms = this.#byPrefix.get(prefix) ?? new Set();
    this.#byPrefix.set(prefix, forms.add(cache));
    if (this.#isFollowing) this.#load(cache);
    return cache;
  }

  #create(resource: CachedResource): WatchCache {
    const { random, historyLimits, queueLimits } = this.#options;
    const parts: WatchCacheParts = {
      store: this.#store,
      feed: this,
      clock: this.#clock,
      logger: this.#logger,
      ...(random && { random }),
      ...(historyLimits && { historyLimits }),
      ...(queueLimits && { queueLimits }),
    };
    if (resource.convert === undefined) return new WatchCache(resource, parts);
    return new ConvertedCache(resource, (entries) => resource.convert?.(entries) ?? entries, parts);
  }

  find(resource: CacheName): WatchCache | undefined {
    return this.#caches.get(idOf(resource));
  }

  close(resource: CacheName): void {
    const id = idOf(resource);
    const cache = this.#caches.get(id);
    this.#lastAsked.delete(id);
    if (cache === undefined) return;
    cache.end();
    this.#caches.delete(id);
    const forms = this.#byPrefix.get(resource.prefix);
    forms?.delete(cache);
    if (forms?.size === 0) this.#byPrefix.delete(resource.prefix);
  }

  /** What was read on demand, and is not any more. */
  #closeIdle(): void {
    const before = this.#clock.monotonic() - idleMs;
    for (const [id, asked] of this.#lastAsked) {
      if (asked > before) continue;
      const [prefix = '', form] = id.split(idSeparator);
      if (this.#caches.get(id)?.stats.watchers === 0) this.close({ prefix, form });
    }
  }

  get revision(): number {
    return this.#reached.revision;
  }

  /** Of each resource, by what its prefix says between the root and the last slash: `core/pods`. */
  *stats(): Generator<[string, ResourceCache['stats']]> {
    for (const [prefix, [cache]] of this.#byPrefix) if (cache) yield [prefix.slice(this.#root.length, -1), cache.stats];
  }

  /**
   * Prefixes of the caches that do not show the store as far as the watch has come: they are being loaded. Those that
   * are open on demand do not count: what they wait for is not in this server's hands.
   */
  get behind(): string[] {
    const caches = [...this.#caches].filter(
      ([id, cache]) => !this.#lastAsked.has(id) && (!cache.isReady || cache.revision < this.revision),
    );
    return caches.map(([id]) => id.trimEnd());
  }

  async waitFor(revision: number, timeoutMs: number): Promise<void> {
    await this.#reached.waitFor(revision, timeoutMs);
  }

  async waitUntilConsistent(timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    const newest = await this.#store.currentRevision();
    if (newest <= this.revision || (await this.#reached.isReachedWithin(newest, Math.min(nudgeAfterMs, timeoutMs))))
      return;
    const left = (): number => Math.max(0, deadline - this.#clock.monotonic());
    await this.#within(left(), this.#nudge.get());
    await this.#reached.waitFor(newest, left());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.done;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const revision = await this.#store.currentRevision();
        this.#begin(revision);
        for await (const batch of this.#store.watch({ prefix: this.#root, after: revision, signal })) {
          failures = 0;
          this.#apply(batch.changes, batch.revision);
        }
      } catch (error) {
        if (error instanceof CompactedError) this.#logger.warn('The caches lost their place and load again', { error });
        else this.#logger.warn('The caches cannot follow the store', { error });
      }
      this.#isFollowing = false;
      failures += 1;
      await this.#clock.sleep(computeBackoffMs(failures, backoff), signal);
    }
  }

  #begin(revision: number): void {
    for (const cache of this.#caches.values()) cache.suspend();
    this.#reached.reach(revision);
    this.#isFollowing = true;
    for (const cache of this.#caches.values()) this.#load(cache);
  }

  #apply(changes: readonly Change[], revision: number): void {
    const touched = new Set<WatchCache>();
    for (const change of changes) {
      if (change.type === 'put' && change.entry.key === this.#compactionKey) this.#noteCompaction(change.entry.value);
      for (const cache of this.#cachesOf(change.type === 'put' ? change.entry.key : change.key)) {
        cache.apply(change);
        touched.add(cache);
      }
    }
    this.#reached.reach(revision);
    for (const cache of touched) cache.notify();
  }

  /** The compactor writes how far the next compaction goes, and does what was written before. */
  #noteCompaction(value: Buffer): void {
    this.compactedRevision = Math.max(this.compactedRevision, this.#nextCompaction);
    this.#nextCompaction = Number(value.toString()) || 0;
  }

  /** Prefixes end in a slash, as `/registry/core/pods/`: the key's are tried from the longest that can be one. */
  #cachesOf(key: string): Iterable<WatchCache> {
    const group = key.indexOf('/', this.#root.length);
    const resource = key.indexOf('/', group + 1);
    return group < 0 || resource < 0 ? [] : (this.#byPrefix.get(key.slice(0, resource + 1)) ?? []);
  }

  #load(cache: WatchCache): void {
    const load = this.#loadUntilDone(cache).finally(() => this.#loads.delete(load));
    this.#loads.add(load);
  }

  async #loadUntilDone(cache: WatchCache): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await cache.load(this.revision, signal);
        return;
      } catch (error) {
        this.#logger.warn('A cache could not be loaded and is tried again', { error });
      }
      await this.#clock.sleep(computeBackoffMs(failures, backoff), signal);
    }
  }

  async #sendBookmarks(): Promise<void> {
    const { signal } = this.#stopped;
    for (let turn = 0; !signal.aborted; turn += 1) {
      for (const cache of this.#caches.values()) cache.sendBookmarks(turn);
      this.#closeIdle();
      await this.#clock.sleep(bookmarkTurnMs, signal);
    }
  }

  async #retryUnreadable(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#clock.sleep(retryUnreadableMs, signal);
      for (const cache of this.#caches.values()) {
        if (signal.aborted || !this.#isFollowing || cache.stats.unreadable === 0 || !cache.isReady) continue;
        try {
          // Watchers that could not be told of it in its place begin again.
          if ((await cache.canReadMore()) && this.#isFollowing) this.#load(cache);
        } catch (error) {
          this.#logger.debug('What cannot be read was not tried again', { error });
        }
      }
    }
  }

  /**
   * Somebody else's keys in the same etcd move the revision without our watch seeing anything. (etcd can be asked for
   * its watch's progress, but before 3.4.25 and 3.5.8 the answer may run ahead of the events.) A write of our own
   * makes an event, and with it everything before it has been seen.
   */
  async #writeNudge(): Promise<void> {
    const key = `${this.#root}nudge`;
    const value = Buffer.from('{}');
    try {
      const entry = await this.#store.get(key);
      if (entry === undefined) await this.#store.create(key, value);
      else await this.#store.update(key, value, entry.revision);
    } catch (error) {
      // Another API server was faster: its write serves as well.
      if (!(error instanceof KeyExistsError || error instanceof RevisionConflictError)) throw error;
    }
  }

  async #within<T>(timeoutMs: number, result: Promise<T>): Promise<T> {
    const waiting = new AbortController();
    const late = createDeferred<never>();
    void this.#clock.sleep(timeoutMs, waiting.signal).then(() => {
      late.reject(new StoreUnavailableError('The store does not answer', { outcomeUnknown: false }));
    });
    late.promise.catch(() => {}); // the race below throws it, unless the result was first
    try {
      return await Promise.race([result, late.promise]);
    } finally {
      waiting.abort();
    }
  }
}

/** No prefix and no form has such a character. */
const idSeparator = ' ';
const idOf = ({ prefix, form = '' }: CacheName): string => `${prefix}${idSeparator}${form}`;
