/**
 * CONTRACT: one resource's objects in memory, kept true by a store watch (`watch-cache.ts` implements it).
 *
 * Each version of an object is parsed at most once and serialised at most once: GET, LIST and all watchers send the
 * same bytes. Watchers are found by index (namespace, name, one designated field), not by asking each of them.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Entry } from './store.ts';
import type { UnreadableEntryError } from './unreadable-entry.ts';

/** One version of one object. Immutable and shared. */
export interface CachedObject {
  /** Store key. */
  readonly key: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** The object as JSON with its resourceVersion: what goes on the wire. */
  readonly bytes: Buffer;
  readonly labels: Readonly<Record<string, string>>;
  /** Values of the kind's selectable fields, by name (without `metadata.name` and `metadata.namespace`). */
  readonly fields: Readonly<Record<string, string>>;
  /** The parsed object; parsed on first use, shared while in use: never to be changed. */
  readonly object: DeepReadonly<Stored<KubernetesObject>>;
  /**
   * Other bytes made of this version (a watch event's line, a table row …): `encode` is called for the first who asks
   * for `form`, everyone else in the same turn of the event loop, and after it while the bytes are in use, shares them.
   */
  encoded(form: string, encode: (item: CachedObject) => Buffer): Buffer;
}

/** What the cache must know of a resource. */
export interface CachedResource {
  /** `/registry/core/pods/`. Below it lie `<namespace>/<name>`, or `<name>` when not namespaced. */
  readonly prefix: string;
  readonly namespaced: boolean;
  /** The values of selectable fields. Called once for each version. */
  fieldsOf(object: DeepReadonly<Stored<KubernetesObject>>): Readonly<Record<string, string>>;
  /** The field by which watchers are found without asking them (`spec.nodeName`). */
  readonly indexedField?: string | undefined;
  /** Below one prefix there is a cache for each form in which its objects are read. Default: the one that is stored. */
  readonly form?: string | undefined;
  /**
   * Entries in that form, in their order. Whoever has to be asked may take his time, and refuse: readers are told of
   * the StatusError with which the promise is rejected.
   */
  convert?(entries: readonly Entry[]): readonly Entry[] | Promise<readonly Entry[]>;
  /** It is closed when nobody has read or watched it for a while, and opened again. Default: it stays open. */
  readonly onDemand?: boolean | undefined;
}

/** All caches of one store, fed by one watch; `watch-caches.ts` makes it. */
export interface ResourceCaches {
  /** Starts to load the resource. One cache for each prefix and form: asked again it returns the same. */
  open(resource: CachedResource): ResourceCache;
  /** The one that is open; undefined: none is. */
  find(resource: CacheName): ResourceCache | undefined;
  /** The resource is served no more: its watches end and its objects are forgotten here. Idempotent. */
  close(resource: CacheName): void;
}

export type CacheName = Pick<CachedResource, 'prefix' | 'form'>;

/** What a reader is interested in. Absent parts match everything. */
export interface Interest {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Exact matches on selectable fields: indexed where the kind designates the field. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** Everything else (label selectors, inequalities). Must depend on the candidate alone. */
  readonly matches?: ((candidate: CachedObject) => boolean) | undefined;
}

export type CacheEvent =
  | { readonly type: 'ADDED' | 'MODIFIED'; readonly item: CachedObject }
  /** `item` is the last state that matched, with the deletion's (or the selector exit's) resourceVersion. */
  | { readonly type: 'DELETED'; readonly item: CachedObject }
  | { readonly type: 'BOOKMARK'; readonly revision: number };

export interface CacheList {
  /** In store key order. */
  readonly items: readonly CachedObject[];
  readonly revision: number;
  /** The last key of this page, when another follows: the next page's `after`. */
  readonly next?: string;
  /** How many more match; undefined when that would mean to ask each of them (`fields`, `matches`). */
  readonly remaining?: number;
}

export interface CacheListOptions extends Interest {
  readonly limit?: number | undefined;
  /** Only keys greater than this one. */
  readonly after?: string | undefined;
}

/**
 * A watcher's bounded queue, filled in commit order. The receiver takes what is there whenever it can send: when
 * `onAvailable` says so, and after its socket has drained. To send the present objects first, call `list` and then
 * `watch` with the list's revision in the same turn, and take only after the list is sent.
 */
export interface CacheWatch {
  /** What has come since the last call, in order; empty when nothing has. */
  take(): readonly CacheEvent[];
  /** Stops it; nothing is called again. Idempotent. */
  close(): void;
}

export interface CacheWatchOptions extends Interest {
  /** Events after this revision. */
  readonly after: number;
  /** About once a minute a BOOKMARK that says how far the watch is. Default false. */
  readonly bookmarks?: boolean | undefined;
  /** The queue was empty and is not any more. May already be called inside `watch`'s caller's next turn. */
  onAvailable(): void;
  /**
   * The watch is over although nobody closed it: the cache was rebuilt (events may be missing), or the receiver left
   * too much in its queue. What is still queued may be taken and sent; nothing follows.
   */
  onEnd(why: 'restarted' | 'slow'): void;
}

export interface ResourceCache {
  /** Resolves when the first load is complete. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Whether the first load is complete. */
  readonly isReady: boolean;
  /** The newest revision that the cache has seen. */
  readonly revision: number;
  /**
   * Resolves once the cache is not older than `revision`. Throws `CacheBehindError` after `timeoutMs`, `CacheClosedError`
   * when the resource is served no more.
   */
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  /**
   * Resolves once the cache is not older than any write acknowledged before this call, by whichever API server.
   * Throws `CacheBehindError` after `timeoutMs`, `StoreUnavailableError` when the store does not answer, and
   * `CacheClosedError` when the resource is served no more.
   */
  waitUntilConsistent(timeoutMs: number): Promise<void>;
  /** Undefined also for what is there and cannot be read: `whyUnreadable` tells the two apart. */
  get(key: string): CachedObject | undefined;
  whyUnreadable(key: string): UnreadableEntryError | undefined;
  /** How many below a store prefix are left out of lists, because they cannot be read. */
  countUnreadable(prefix: string): number;
  list(options: CacheListOptions): CacheList;
  /** The resource as it was at `revision`, or undefined when that is no longer known from memory. */
  listAt(revision: number, options: CacheListOptions): CacheList | undefined;
  /** Throws `CompactedError` when the events after `after` are no longer known. */
  watch(options: CacheWatchOptions): CacheWatch;
  readonly stats: {
    readonly objects: number;
    readonly watchers: number;
    readonly bytes: number;
    /** Not counted in `objects`. */
    readonly unreadable: number;
  };
}

/** The resource was served when the reader came, and is no more. */
export class CacheClosedError extends Error {
  override readonly name = 'CacheClosedError';
}

/** The cache did not reach a revision in time: it is far in the future, or the store's watch lags. */
export class CacheBehindError extends Error {
  override readonly name = 'CacheBehindError';
  /** What the cache had reached. */
  readonly current: number;

  constructor(wanted: number, current: number) {
    super(`Revision ${wanted} is not reached: the cache is at ${current}`);
    this.current = current;
  }
}
