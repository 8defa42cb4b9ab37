/**
 * CONTRACT: one resource's objects in memory, kept true by a store watch (`watch-cache.ts` implements it).
 *
 * Each version of an object is parsed at most once and serialised at most once: GET, LIST and all watchers send the
 * same bytes. Watchers are found by index (namespace, name, one designated field), not by asking each of them.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

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
  /** Values of the kind's selectable fields, by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** The parsed object; parsed on first use, shared: never to be changed. */
  readonly object: DeepReadonly<Stored<KubernetesObject>>;
}

/** What a reader is interested in. Absent parts match everything. */
export interface Interest {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Exact matches on selectable fields: indexed where the kind designates the field. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** Everything else (label selectors, inequalities). */
  readonly matches?: ((candidate: CachedObject) => boolean) | undefined;
}

export type CacheEvent =
  | { readonly type: 'ADDED' | 'MODIFIED'; readonly item: CachedObject }
  /** `item` is the last state that matched, at the deletion's (or the selector exit's) revision. */
  | { readonly type: 'DELETED'; readonly item: CachedObject }
  | { readonly type: 'BOOKMARK'; readonly revision: number };

export interface CacheList {
  /** In store key order. */
  readonly items: readonly CachedObject[];
  readonly revision: number;
  /** Where the next page starts; undefined on the last. */
  readonly next?: string;
  readonly remaining: number;
}

export interface CacheListOptions extends Interest {
  readonly limit?: number | undefined;
  /** Only keys greater than this one. */
  readonly after?: string | undefined;
}

/** A watcher's queue. Pull-free: `onEvents` is called in commit order, in batches, never concurrently. */
export interface CacheWatch {
  /** Stops it; `onEvents` is not called again. Idempotent. */
  close(): void;
}

export interface CacheWatchOptions extends Interest {
  /** Events after this revision; `undefined`: the current objects as ADDED first, then what follows. */
  readonly after: number | undefined;
  /** Called with events as they come. Returns false when the receiver's buffer is full: the watch is then ended. */
  onEvents(events: readonly CacheEvent[]): boolean;
  /** The watch is over although nobody closed it: the cache was rebuilt, or the receiver was too slow. */
  onEnd(why: 'restarted' | 'slow'): void;
}

export interface ResourceCache {
  /** Resolves when the first load is complete. */
  ready(signal?: AbortSignal): Promise<void>;
  /** The newest revision that the cache has seen. */
  readonly revision: number;
  /** Resolves once the cache is not older than `revision`. Rejects when that takes longer than `timeoutMs`. */
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  /** Resolves once the cache is not older than any write acknowledged before this call, by whichever API server. */
  waitUntilConsistent(timeoutMs: number): Promise<void>;
  get(key: string): CachedObject | undefined;
  list(options: CacheListOptions): CacheList;
  /** The resource as it was at `revision`, or undefined when that is no longer known from memory. */
  listAt(revision: number, options: CacheListOptions): CacheList | undefined;
  /** Throws `CompactedError` when the events after `after` are no longer known. */
  watch(options: CacheWatchOptions): CacheWatch;
  readonly stats: { readonly objects: number; readonly watchers: number };
}
