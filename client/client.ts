/**
 * CONTRACT: typed access to the API. `rest-client.ts` is the real one. A `Resource` says which objects are meant, so results
 * have the kind's own type. A refusal is thrown as `StatusError`; an unreachable server as `StatusError` with reason
 * ServiceUnavailable. A consumer declares the narrow part it needs: `Reader`, `Writer`, `Watcher`.
 */

import type { Readable } from 'node:stream';
import type { KubernetesObject, ObjectKey, Stored } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface ObjectList<T extends KubernetesObject> {
  readonly items: Stored<T>[];
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

export type WatchEvent<T extends KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  /** Ask for the present objects first, then a bookmark with `initialEventsEnd`. */
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
  readonly signal: AbortSignal;
}

export interface WriteOptions {
  readonly subresource?: string | undefined;
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** What becomes of fields that the kind does not have. Default: the server's own, Warn. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | undefined;
}

export type PatchType = 'merge' | 'json' | 'strategic' | 'apply';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface RawOptions {
  /** Sent as JSON, unless it is a string or headers say otherwise. */
  readonly body?: unknown;
  /** In addition to the client's own; `accept` and `content-type` replace them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Reader {
  get<T extends KubernetesObject>(kind: Resource<T>, key: ObjectKey): Promise<Stored<T>>;
  /** One page; `limit` absent: all. */
  list<T extends KubernetesObject>(kind: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
}

export interface Watcher {
  /**
   * Events until the server ends the watch (normal end) or `signal` aborts (normal end too). Throws `StatusError`
   * (Expired: list again).
   */
  watch<T extends KubernetesObject>(kind: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

export interface Writer {
  /** `object.metadata.namespace` says where. */
  create<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  /** Optimistic: with `metadata.resourceVersion` it fails with Conflict when another client wrote meanwhile. */
  update<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  patch<T extends KubernetesObject>(
    kind: Resource<T>,
    key: ObjectKey,
    patch: { readonly type: PatchType; readonly body: unknown; readonly force?: boolean },
    options?: WriteOptions,
  ): Promise<Stored<T>>;
  /** "Already gone" is thrown as NotFound; callers for whom it is success say so by `isNotFound`. */
  delete<T extends KubernetesObject>(kind: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** One request that deletes all objects of a namespace (or of the whole kind) that the selectors match. */
  deleteCollection<T extends KubernetesObject>(
    kind: Resource<T>,
    options: ListOptions & Pick<DeleteOptions, 'gracePeriodSeconds' | 'propagationPolicy'>,
  ): Promise<void>;
  /** POST to a subresource whose body is of another kind: `binding`, `eviction`, `token`. Returns the answer. */
  createSubresource<T extends KubernetesObject>(
    kind: Resource<T>,
    key: ObjectKey,
    subresource: string,
    body: KubernetesObject,
  ): Promise<unknown>;
}

export interface Client extends Reader, Watcher, Writer {
  /** Any path, for what has no kind: `/version`, `/healthz`. Answers other than 2xx are thrown as StatusError. */
  raw(method: string, path: string, options?: RawOptions): Promise<{ readonly code: number; readonly text: string }>;
  /** A streaming GET: logs, watches of tables. The stream ends or is destroyed by the caller. */
  stream(path: string, signal: AbortSignal, headers?: RawOptions['headers']): Promise<Readable>;
  close(): Promise<void>;
}
