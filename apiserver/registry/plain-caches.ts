/** The caches' contract at its simplest, one store watch for each resource, until the indexed ones take over. */

import type { Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import {
  CacheBehindError,
  type CachedObject,
  type CachedResource,
  type CacheEvent,
  type CacheList,
  type CacheListOptions,
  type CacheWatch,
  type CacheWatchOptions,
  type Interest,
  type ResourceCache,
  type ResourceCaches,
} from '../store/resource-cache.ts';
import { CompactedError, type Store } from '../store/store.ts';

export class PlainCaches implements ResourceCaches {
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #caches = new Map<string, PlainCache>();

  constructor(store: Store, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  open(resource: CachedResource): ResourceCache {
    let cache = this.#caches.get(resource.prefix);
    if (cache === undefined) {
      cache = new PlainCache(this.#store, resource, this.#signal);
      this.#caches.set(resource.prefix, cache);
    }
    return cache;
  }
}

interface PlainItem extends CachedObject {}
interface Logged {
  readonly revision: number;
  readonly before: PlainItem | undefined;
  readonly after: PlainItem | undefined;
}

class PlainCache implements ResourceCache {
  readonly #store: Store;
  readonly #resource: CachedResource;
  readonly #items = new Map<string, PlainItem>();
  readonly #log: Logged[] = [];
  readonly #watches = new Set<(logged: Logged) => void>();
  readonly #loaded: Promise<void>;
  #start = 0;
  #revision = 0;
  isReady = false;

  constructor(store: Store, resource: CachedResource, signal: AbortSignal) {
    this.#store = store;
    this.#resource = resource;
    this.#loaded = this.#load(signal);
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { entries, revision } = await this.#store.list({ prefix: this.#resource.prefix });
    for (const entry of entries) this.#items.set(entry.key, this.#item(entry.key, entry.value, entry.revision));
    this.#revision = revision;
    this.#start = revision;
    this.isReady = true;
    void this.#follow(signal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#store.watch({ prefix: this.#resource.prefix, after: this.#revision, signal })) {
      for (const change of batch.changes) {
        if (change.type === 'put') {
          const { key, value, revision } = change.entry;
          this.#record({ revision, before: this.#items.get(key), after: this.#item(key, value, revision) });
        } else this.#record({ revision: change.revision, before: this.#items.get(change.key), after: undefined });
      }
      this.#revision = Math.max(this.#revision, batch.revision);
    }
  }

  #record(logged: Logged): void {
    const { before, after } = logged;
    if (after) this.#items.set(after.key, after);
    else if (before) this.#items.delete(before.key);
    this.#revision = logged.revision;
    this.#log.push(logged);
    for (const deliver of this.#watches) deliver(logged);
  }

  #item(key: string, value: Buffer, revision: number): PlainItem {
    const object = JSON.parse(value.toString()) as Stored;
    object.metadata.resourceVersion = String(revision);
    const { namespace = '', name, labels = {} } = object.metadata;
    const readonlyObject: DeepReadonly<Stored> = object;
    return {
      key,
      namespace,
      name,
      revision,
      labels,
      bytes: Buffer.from(JSON.stringify(object)),
      fields: this.#resource.fieldsOf(readonlyObject),
      object: readonlyObject,
      encoded(_form, encode) {
        return encode(this);
      },
    };
  }

  ready(): Promise<void> {
    return this.#loaded;
  }
  get revision(): number {
    return this.#revision;
  }
  async waitFor(revision: number, timeoutMs: number): Promise<void> {
    await this.#loaded;
    const deadline = performance.now() + timeoutMs;
    while (this.#revision < revision) {
      if (performance.now() > deadline) throw new CacheBehindError(revision, this.#revision);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  async waitUntilConsistent(timeoutMs: number): Promise<void> {
    await this.#loaded;
    const newest = await this.#store.list({ prefix: this.#resource.prefix });
    const last = Math.max(0, ...newest.entries.map((entry) => entry.revision));
    await this.waitFor(last, timeoutMs);
    if (newest.entries.length < this.#items.size) await new Promise((resolve) => setTimeout(resolve, 5));
    this.#revision = Math.max(this.#revision, newest.revision);
  }
  get(key: string): CachedObject | undefined {
    return this.#items.get(key);
  }
  list(options: CacheListOptions): CacheList {
    return page([...this.#items.values()], options, this.#revision);
  }
  listAt(revision: number, options: CacheListOptions): CacheList | undefined {
    if (revision < this.#start) return undefined;
    const items = new Map(this.#items);
    for (const { revision: at, before, after } of [...this.#log].reverse()) {
      if (at <= revision) break;
      if (before) items.set(before.key, before);
      else if (after) items.delete(after.key);
    }
    return page([...items.values()], options, revision);
  }
  watch(options: CacheWatchOptions): CacheWatch {
    if (options.after < this.#start) throw new CompactedError('too old');
    const queue: CacheEvent[] = [];
    const deliver = (logged: Logged) => {
      const event = logged.revision > options.after ? eventFor(logged, options) : undefined;
      if (event === undefined) return;
      queue.push(event);
      if (queue.length === 1) queueMicrotask(() => options.onAvailable());
    };
    for (const logged of this.#log) deliver(logged);
    this.#watches.add(deliver);
    return { take: () => queue.splice(0), close: () => void this.#watches.delete(deliver) };
  }
  get stats() {
    return { objects: this.#items.size, watchers: this.#watches.size, bytes: 0 };
  }
}

function eventFor({ revision, before, after }: Logged, interest: Interest): CacheEvent | undefined {
  const was = before !== undefined && wanted(before, interest);
  const is = after !== undefined && wanted(after, interest);
  if (is && after) return { type: was ? 'MODIFIED' : 'ADDED', item: after };
  if (!was || !before) return undefined;
  const object = structuredClone(before.object) as Stored;
  object.metadata.resourceVersion = String(revision);
  return { type: 'DELETED', item: { ...before, revision, object, bytes: Buffer.from(JSON.stringify(object)) } };
}

function wanted(item: CachedObject, { namespace, name, fields, matches }: Interest): boolean {
  if (namespace && item.namespace !== namespace) return false;
  if (name && item.name !== name) return false;
  if (fields && Object.entries(fields).some(([field, value]) => item.fields[field] !== value)) return false;
  return matches === undefined || matches(item);
}

function page(items: CachedObject[], options: CacheListOptions, revision: number): CacheList {
  const { after, limit } = options;
  const found = items
    .filter((item) => wanted(item, options) && (after === undefined || item.key > after))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = limit === undefined ? found : found.slice(0, limit);
  const last = shown.at(-1);
  if (shown.length === found.length || last === undefined) return { items: shown, revision, remaining: 0 };
  return { items: shown, revision, next: last.key, remaining: found.length - shown.length };
}
