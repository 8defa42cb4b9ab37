/**
 * The cache of a resource whose entries are converted before anybody sees them: each change in its turn, however long
 * that takes.
 *
 *   change ─ converted at once ───────────────────────────────────────► cache
 *        └─ somebody has to be asked ─► queue, a batch at a time ──────► cache
 *                                       └ refused: readers are told, and it is tried again
 *
 * Invariants:
 * - changes reach the cache in the order in which they came;
 * - while something is queued, the cache's revision is that of before it.
 */

import { computeBackoffMs } from '../../base/backoff.ts';
import { systemClock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { Turns } from '../../base/turns.ts';
import { ConvertedFeed } from './converted-feed.ts';
import type { CachedResource } from './resource-cache.ts';
import type { Change, Entry, Store } from './store.ts';
import { WatchCache, type WatchCacheParts } from './watch-cache.ts';

/** See `CachedResource.convert`. */
type Convert = NonNullable<CachedResource['convert']>;

const backoff = { baseMs: 200, maxMs: 5_000 };
/** Changes that are converted together: so many, and no more bytes than that, but for one that is larger by itself. */
const largestBatch = { changes: 500, bytes: 4 << 20 };

export class ConvertedCache extends WatchCache {
  readonly #convert: Convert;
  readonly #feed: ConvertedFeed;
  readonly #parts: WatchCacheParts;
  readonly #logger: Logger;
  #queue: Change[] = [];
  /** Ends the conversion of what was queued before the cache lost its place. */
  #converting: AbortController | undefined;

  constructor(resource: CachedResource, convert: Convert, parts: WatchCacheParts) {
    const feed = new ConvertedFeed(parts.feed, parts.clock ?? systemClock);
    super(resource, { ...parts, feed, store: convertedStore(parts.store, convert) });
    this.#convert = convert;
    this.#feed = feed;
    this.#parts = parts;
    this.#logger = (parts.logger ?? silentLogger).child({ resource: resource.prefix });
  }

  override suspend(): void {
    this.#converting?.abort();
    this.#converting = undefined;
    this.#queue = [];
    this.#feed.release();
    super.suspend();
  }

  override async load(revision: number, signal: AbortSignal): Promise<void> {
    try {
      await super.load(revision, signal);
    } catch (error) {
      this.tellWaiting(error);
      throw error;
    }
  }

  override apply(change: Change): void {
    if (this.#converting !== undefined) {
      this.#queue.push(change);
      return;
    }
    const converted = change.type === 'put' ? this.#convert([change.entry]) : [];
    if (converted instanceof Promise) this.#beginConverting(change, converted);
    else super.apply(withEntry(change, converted[0]));
  }

  #beginConverting(change: Change, first: Promise<readonly Entry[]>): void {
    this.#feed.hold(this.#parts.feed.revision);
    this.#converting = new AbortController();
    this.#queue.push(change);
    void this.#convertQueue(first, this.#converting.signal);
  }

  /** Never rejects. `first` is the conversion of the first change, under way. */
  async #convertQueue(first: Promise<readonly Entry[]>, signal: AbortSignal): Promise<void> {
    const clock = this.#parts.clock ?? systemClock;
    let conversion: Promise<readonly Entry[]> | readonly Entry[] = first;
    let size = 1;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const entries = await conversion;
        if (signal.aborted) return;
        failures = 0;
        await this.#applyBatch(this.#queue.splice(0, size), entries, signal);
        if (signal.aborted) return;
        if (this.#queue.length === 0) break;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1) this.#logger.warn('Changes cannot be converted; trying again', { error });
        this.#feed.fail(error);
        await clock.sleep(computeBackoffMs(failures, backoff), signal);
      }
      const batch = nextBatch(this.#queue);
      size = batch.length;
      conversion = this.#convertLater(batch);
    }
    if (signal.aborted) return;
    this.#converting = undefined;
    this.#feed.release();
    this.notify();
  }

  async #convertLater(changes: readonly Change[]): Promise<readonly Entry[]> {
    return await this.#convert(changes.flatMap((change) => (change.type === 'put' ? [change.entry] : [])));
  }

  /** In turns, until the signal aborts. */
  async #applyBatch(changes: readonly Change[], converted: readonly Entry[], signal: AbortSignal): Promise<void> {
    const entries = converted.values();
    const turns = new Turns();
    for (const change of changes) {
      await turns.pause();
      if (signal.aborted) return;
      super.apply(change.type === 'put' ? withEntry(change, entries.next().value) : change);
      this.#feed.hold(change.type === 'put' ? change.entry.revision : change.revision);
    }
    this.notify();
  }
}

function nextBatch(queue: readonly Change[]): readonly Change[] {
  let bytes = 0;
  const end = queue.findIndex((change, index) => {
    bytes += change.type === 'put' ? change.entry.value.length : 0;
    return index > 0 && (index >= largestBatch.changes || bytes > largestBatch.bytes);
  });
  return end < 0 ? [...queue] : queue.slice(0, end);
}

const withEntry = (change: Change, entry: Entry | undefined): Change =>
  change.type === 'put' && entry !== undefined ? { ...change, entry } : change;

/** Lists what the cache begins with. */
function convertedStore(store: WatchCacheParts['store'], convert: Convert): Pick<Store, 'get' | 'list'> {
  return {
    async get(key) {
      const entry = await store.get(key);
      return entry && (await convert([entry]))[0];
    },
    async list(options) {
      const page = await store.list(options);
      return { ...page, entries: [...(await convert(page.entries))] };
    },
  };
}
