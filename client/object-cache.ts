/**
 * CONTRACT: what a control loop sees of one kind. `informer.ts` is the real one: it lists and watches, survives every
 * disconnection and 410, and is never emptied by one.
 */

import type { KubernetesObject, Stored } from '../api/object.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';

export type Cached<T extends KubernetesObject> = DeepReadonly<Stored<T>>;

export interface ObjectCache<T extends KubernetesObject> {
  /** By `namespace/name`, or `name` for cluster-scoped kinds. */
  get(key: string): Cached<T> | undefined;
  list(namespace?: string): Iterable<Cached<T>>;
  /** Objects for which `indexer` (given at construction under this name) returned `value`. */
  byIndex(index: string, value: string): readonly Cached<T>[];
  readonly size: number;
}

export type ObjectChange<T extends KubernetesObject> =
  | { readonly type: 'added'; readonly next: Cached<T>; readonly previous?: undefined }
  | { readonly type: 'updated'; readonly next: Cached<T>; readonly previous: Cached<T> }
  | { readonly type: 'deleted'; readonly previous: Cached<T>; readonly next?: undefined };

export type Indexer<T extends KubernetesObject> = (object: Cached<T>) => readonly string[];

export interface InformerOptions<T extends KubernetesObject> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /** Keep only `metadata`: for who needs to know of objects but not what is in them. */
  readonly metadataOnly?: boolean;
  /** Takes off each object, before it is kept, what its readers do not look at. */
  readonly trim?: (object: T) => void;
}

/** Started by its owner with `run(signal)`; `synced()` resolves once the first list is in. */
export interface Informer<T extends KubernetesObject> extends ObjectCache<T> {
  /** More indexes, also once it runs. A name that is there already must stand for the same indexer. */
  addIndexers(indexers: Readonly<Record<string, Indexer<T>>>): void;
  /**
   * Called in order for each change, also for those found by a relist. Who comes late hears of all that is there first.
   * Must not throw or block.
   */
  onChange(listener: (change: ObjectChange<T>) => void): void;
  /** Resolves when `signal` aborts. Never rejects: every failure is retried with back-off. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first list is in, or when `signal` aborts. */
  synced(signal?: AbortSignal): Promise<void>;
  /** Of the store: every change up to it is in the cache. Undefined before the first list. */
  readonly resourceVersion: string | undefined;
  /** Monotonic milliseconds since which the watch has been up without a break; undefined while it is down. */
  readonly connectedSince: number | undefined;
}
