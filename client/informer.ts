/**
 * Keeps a cache of one kind true by list and watch, through every disconnection.
 *
 *   no version ──WatchList, or LIST page by page──► version ──WATCH from it──► version …
 *        ▲                                             │
 *        └───────────────410 Expired───────────────────┘     (any other failure: WATCH again from the last version)
 *
 * Invariants:
 * - Listeners hear every difference between what they heard before and what is there now, also after a relist.
 * - A relist replaces the cache in one step once it is complete; a disconnection never empties it.
 * - `metadata.managedFields` are left out: no control loop reads them and they are a third of most objects.
 */

import { type KubernetesObject, keyOf, type Stored } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { isExpired, StatusError } from '../api/status-error.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ObjectList, Reader, WatchEvent, Watcher } from './client.ts';
import { IndexedCache } from './indexed-cache.ts';
import type { Cached, Indexer, Informer, InformerOptions, ObjectChange } from './object-cache.ts';

export interface InformerDependencies {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** From 0 to 1; spreads the ends of watches. Default `Math.random`. */
  readonly random?: () => number;
}

const backoff = { baseMs: 200, maxMs: 5_000, jitter: 0.5 };
const pageSize = 500;
/** A watch that ends sooner than this by itself counts as a failure, or it would be opened again in a tight loop. */
const shortestWatchMs = 1_000;

export function createInformer<T extends KubernetesObject>(
  client: Reader & Watcher,
  kind: Resource<T>,
  options: InformerOptions<T> & InformerDependencies,
): Informer<T> {
  return new ListWatchInformer(client, kind, options);
}

class ListWatchInformer<T extends KubernetesObject> implements Informer<T> {
  readonly #client: Reader & Watcher;
  readonly #kind: Resource<T>;
  readonly #where: Pick<InformerOptions<T>, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  readonly #metadataOnly: boolean;
  readonly #trim: ((object: T) => void) | undefined;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #cache: IndexedCache<T>;
  readonly #listeners: ((change: ObjectChange<T>) => void)[] = [];
  readonly #synced: Promise<void>;
  #resolveSynced: () => void = () => {};
  #version: string | undefined;
  #connectedSince: number | undefined;
  #serverHasWatchList = true;
  #pages = true;

  constructor(client: Reader & Watcher, kind: Resource<T>, options: InformerOptions<T> & InformerDependencies) {
    this.#client = client;
    this.#kind = kind;
    const {
      logger,
      clock = systemClock,
      random = Math.random,
      indexers,
      metadataOnly = false,
      trim,
      ...where
    } = options;
    this.#where = where;
    this.#metadataOnly = metadataOnly;
    this.#trim = trim;
    this.#logger = logger.child({ informer: kind.plural });
    this.#clock = clock;
    this.#random = random;
    this.#cache = new IndexedCache(indexers);
    this.#synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  get(key: string): Cached<T> | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): Iterable<Cached<T>> {
    return this.#cache.list(namespace);
  }

  byIndex(index: string, value: string): readonly Cached<T>[] {
    return this.#cache.byIndex(index, value);
  }

  get size(): number {
    return this.#cache.size;
  }

  get connectedSince(): number | undefined {
    return this.#connectedSince;
  }

  get resourceVersion(): string | undefined {
    return this.#version;
  }

  addIndexers(indexers: Readonly<Record<string, Indexer<T>>>): void {
    this.#cache.addIndexers(indexers);
  }

  onChange(listener: (change: ObjectChange<T>) => void): void {
    this.#listeners.push(listener);
    for (const next of this.#cache.list()) this.#tell(listener, { type: 'added', next });
  }

  async synced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return await this.#synced;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done);
      void this.#synced.then(done);
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = this.#clock.monotonic();
      try {
        await this.#follow(signal);
        failures = this.#clock.monotonic() - startedAt < shortestWatchMs ? failures + 1 : 0;
      } catch (error) {
        const lived = this.#clock.monotonic() - startedAt;
        failures = lived > backoff.maxMs ? 1 : failures + 1;
        this.#handle(error, failures);
      }
      this.#connectedSince = undefined;
      if (failures > 0) await this.#clock.sleep(computeBackoffMs(failures, backoff), signal);
    }
  }

  /** From what is known up to the end of one watch. */
  async #follow(signal: AbortSignal): Promise<void> {
    if (this.#version === undefined && this.#serverHasWatchList) return await this.#watchWithInitialEvents(signal);
    if (this.#version === undefined) await this.#list();
    for await (const event of this.#watch({ resourceVersion: this.#version }, signal)) this.#apply(event);
  }

  async #watchWithInitialEvents(signal: AbortSignal): Promise<void> {
    let initial: Map<string, Cached<T>> | undefined = new Map();
    for await (const event of this.#watch({ sendInitialEvents: true }, signal)) {
      if (initial === undefined) this.#apply(event);
      else if (event.type !== 'BOOKMARK') this.#collect(initial, event);
      else if (event.initialEventsEnd) {
        this.#replace(initial.values(), event.resourceVersion);
        initial = undefined;
      }
    }
  }

  async #list(): Promise<void> {
    const where = this.#where;
    const items: Cached<T>[] = [];
    let next: string | undefined;
    do {
      const limit = this.#pages ? pageSize : undefined;
      const list: ObjectList<T> = await this.#client.list(this.#kind, { ...where, limit, continue: next });
      for (const item of list.items) items.push(this.#slim(item));
      next = list.metadata.continue;
      if (!next) this.#replace(items, list.metadata.resourceVersion);
    } while (next);
  }

  async *#watch(
    from: { readonly sendInitialEvents?: boolean; readonly resourceVersion?: string | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const where = this.#where;
    const timeoutSeconds = Math.round(300 + 300 * this.#random());
    if (!from.sendInitialEvents) this.#connectedSince = this.#clock.monotonic();
    yield* this.#client.watch(this.#kind, { ...where, ...from, timeoutSeconds, signal });
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion;
      return;
    }
    const object = this.#slim(event.object);
    this.#announce(event.type === 'DELETED' ? this.#cache.delete(keyOf(object), object) : this.#cache.set(object));
    this.#version = object.metadata.resourceVersion;
  }

  #replace(objects: Iterable<Cached<T>>, version: string): void {
    const changes = this.#cache.replace(objects);
    this.#version = version;
    this.#pages = true;
    this.#connectedSince = this.#clock.monotonic();
    this.#announce(changes);
    this.#resolveSynced();
  }

  #announce(changes: readonly ObjectChange<T>[]): void {
    for (const change of changes) {
      for (const listener of this.#listeners) this.#tell(listener, change);
    }
  }

  #tell(listener: (change: ObjectChange<T>) => void, change: ObjectChange<T>): void {
    try {
      listener(change);
    } catch (error) {
      this.#logger.error('A listener failed', { error });
    }
  }

  #handle(error: unknown, failures: number): void {
    if (isExpired(error)) {
      // Also a list may expire between two pages; the next one then asks for everything at once.
      this.#pages = this.#version !== undefined;
      this.#version = undefined;
    } else if (this.#version === undefined && error instanceof StatusError && [400, 422].includes(error.code)) {
      this.#serverHasWatchList = false;
    }
    this.#logger[failures === 3 ? 'warn' : 'debug']('List or watch failed; trying again', { error, failures });
  }

  #collect(initial: Map<string, Cached<T>>, event: Exclude<WatchEvent<T>, { type: 'BOOKMARK' }>): void {
    const object = this.#slim(event.object);
    if (event.type === 'DELETED') initial.delete(keyOf(object));
    else initial.set(keyOf(object), object);
  }

  #slim(object: Stored<T>): Cached<T> {
    delete object.metadata.managedFields;
    this.#trim?.(object);
    const { apiVersion, kind, metadata } = object;
    // Who asked for metadata only knows of no other members.
    return (this.#metadataOnly ? { apiVersion, kind, metadata } : object) as Cached<T>;
  }
}
