/**
 * What a part of the server makes for itself of all objects of a resource (who uses what, say), kept in step with the
 * resource's cache: each change is told in the same turn in which watchers hear of it.
 *
 *   waiting for the cache → reset, then all objects a few at a time → live: change by change ─ the cache begins anew ─┐
 *        ▲──────────────────────────────────────────────────────────────────────────────────────────────────────────┘
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubernetesObject, ObjectKey } from '../../api/object.ts';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import { CacheClosedError, type CachedObject, type CacheWatch, type ResourceCache } from '../store/resource-cache.ts';
import { CompactedError } from '../store/store.ts';
import { asFound, type Found } from './object-reader.ts';

/**
 * Called in one turn for each change, never at the same time, and never while it is not live. What it throws is logged:
 * the object counts as absent, and the others are told all the same.
 */
export interface ObjectFollower<T extends KubernetesObject> {
  /** Everything that was told is forgotten; all that there is follows. */
  reset(): void;
  /** Is there, or is there in a new version. */
  set(object: Found<T>): void;
  remove(key: ObjectKey): void;
}

/**
 * How all objects are told at first, and when the cache begins anew. `inTurns`: parsing takes its time, and other work goes
 * on in between. `atOnce`: nobody sees a part of them; for few objects, or such that decisions are made by.
 */
export type Telling = 'inTurns' | 'atOnce';

const objectsPerTurn: Readonly<Record<Telling, number>> = { inTurns: 100, atOnce: Number.POSITIVE_INFINITY };

export interface FollowedObjectsOptions {
  readonly logger: Logger;
  /** Default: in turns. */
  readonly telling?: Telling;
}

export class FollowedObjects<T extends KubernetesObject> {
  readonly #cache: ResourceCache;
  readonly #follower: ObjectFollower<T>;
  readonly #logger: Logger;
  readonly #objectsPerTurn: number;
  #watch: CacheWatch | undefined;
  #live: Deferred<void> = createDeferred();
  #isLive = false;

  constructor(
    cache: ResourceCache,
    follower: ObjectFollower<T>,
    { logger, telling = 'inTurns' }: FollowedObjectsOptions,
  ) {
    this.#cache = cache;
    this.#follower = follower;
    this.#logger = logger;
    this.#objectsPerTurn = objectsPerTurn[telling];
  }

  /** The follower has been told all that the cache knows. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /**
   * Resolves once the follower knows of every write that was acknowledged before this call, by whichever API server.
   * Throws what `ResourceCache.waitUntilConsistent` throws.
   */
  async catchUp(timeoutMs: number): Promise<void> {
    await this.#cache.waitUntilConsistent(timeoutMs);
    // The cache is loaded: what may be missing is its telling.
    await this.#live.promise;
    if (!this.#isLive) throw new CacheClosedError('The server ends');
  }

  /** Until `signal` aborts, or the resource is served no more. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.#cache.ready(signal);
        await this.#follow(signal);
      }
    } catch {
      // Nothing is left to follow.
    }
    this.#live.resolve();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const ended = createDeferred<void>();
    let isOver = false;
    const end = () => {
      isOver = true;
      this.#setLive(false);
      ended.resolve();
    };
    const items = this.#open(end);
    if (items === undefined) return;
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    if (await this.#tellAll(items, () => isOver)) {
      this.#setLive(true);
      this.#tellChanges();
    }
    await ended.promise;
    signal.removeEventListener('abort', end);
    this.#watch?.close();
    this.#watch = undefined;
  }

  /** What there is, and in the same turn the watch that begins after it. Undefined: the cache is being loaded again. */
  #open(end: () => void): readonly CachedObject[] | undefined {
    try {
      const { items, revision } = this.#cache.list({});
      this.#watch = this.#cache.watch({ after: revision, onAvailable: () => this.#tellChanges(), onEnd: end });
      return items;
    } catch (error) {
      if (error instanceof CompactedError) return undefined;
      throw error;
    }
  }

  /** False: it was for nothing. */
  async #tellAll(items: readonly CachedObject[], isOver: () => boolean): Promise<boolean> {
    if (isOver()) return false;
    this.#attempt('', () => this.#follower.reset());
    let untilRest = this.#objectsPerTurn;
    for (const item of items) {
      this.#set(item);
      untilRest -= 1;
      if (untilRest > 0) continue;
      untilRest = this.#objectsPerTurn;
      await nextTurn();
      if (isOver()) return false;
    }
    return !isOver();
  }

  #tellChanges(): void {
    if (!this.#isLive) return;
    for (const event of this.#watch?.take() ?? []) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') this.#remove(event.item);
      else this.#set(event.item);
    }
  }

  #set(item: CachedObject): void {
    if (!this.#attempt(item.key, () => this.#follower.set(asFound<T>(item.object)))) this.#remove(item);
  }

  #remove({ key, namespace, name }: CachedObject): void {
    this.#attempt(key, () => this.#follower.remove({ namespace: namespace || undefined, name }));
  }

  /** What somebody else wrote into the store must not stop everything else. */
  #attempt(key: string, tell: () => void): boolean {
    try {
      tell();
      return true;
    } catch (error) {
      this.#logger.error('An object cannot be made sense of: it counts as absent', { key, error });
      return false;
    }
  }

  #setLive(isLive: boolean): void {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    if (isLive) this.#live.resolve();
    else this.#live = createDeferred();
  }
}
