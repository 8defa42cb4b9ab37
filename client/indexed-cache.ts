/** Objects of one kind by key and by index: the memory of an informer. Never fetches anything. */

import { type KubernetesObject, keyOf } from '../api/object.ts';
import type { Cached, Indexer, ObjectCache, ObjectChange } from './object-cache.ts';

export class IndexedCache<T extends KubernetesObject> implements ObjectCache<T> {
  readonly #objects = new Map<string, Cached<T>>();
  readonly #namespaces = new Map<string, Map<string, Cached<T>>>();
  readonly #indexers = new Map<string, Indexer<T>>();
  /** Index name → value → key → object. */
  readonly #indexes = new Map<string, Map<string, Map<string, Cached<T>>>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.addIndexers(indexers);
  }

  /** Throws when a name is taken by another indexer. */
  addIndexers(indexers: Readonly<Record<string, Indexer<T>>>): void {
    for (const [name, indexer] of Object.entries(indexers)) {
      const known = this.#indexers.get(name);
      if (known === indexer) continue;
      if (known !== undefined) throw new Error(`The index "${name}" is another one already`);
      this.#indexers.set(name, indexer);
      const values: Index<Cached<T>> = new Map();
      this.#indexes.set(name, values);
      for (const [key, object] of this.#objects)
        for (const value of indexer(object)) insert(values, value, key, object);
    }
  }

  get(key: string): Cached<T> | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): Iterable<Cached<T>> {
    if (namespace === undefined) return this.#objects.values();
    return this.#namespaces.get(namespace)?.values() ?? [];
  }

  byIndex(index: string, value: string): readonly Cached<T>[] {
    const values = this.#indexes.get(index);
    if (values === undefined) throw new Error(`No index "${index}" was given to this cache`);
    const found = values.get(value);
    return found === undefined ? [] : [...found.values()];
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Puts an object in; undefined when this version is there already. */
  set(next: Cached<T>): ObjectChange<T>[] {
    const key = keyOf(next);
    const previous = this.#objects.get(key);
    if (previous !== undefined && previous.metadata.resourceVersion === next.metadata.resourceVersion) return [];
    if (previous !== undefined) this.#unindex(key, previous);
    this.#objects.set(key, next);
    this.#index(key, next);
    if (previous === undefined) return [{ type: 'added', next }];
    if (previous.metadata.uid === next.metadata.uid) return [{ type: 'updated', previous, next }];
    // Another object of the same name: a controller that keeps accounts by uid must hear that the old one is gone.
    return [
      { type: 'deleted', previous },
      { type: 'added', next },
    ];
  }

  /** Takes an object out. `last` is its last state where the caller has it: it is what listeners get. */
  delete(key: string, last?: Cached<T>): ObjectChange<T>[] {
    const previous = this.#objects.get(key);
    if (previous === undefined) return [];
    this.#objects.delete(key);
    this.#unindex(key, previous);
    return [{ type: 'deleted', previous: last ?? previous }];
  }

  /** Makes the content exactly `objects`, and returns what is different. */
  replace(objects: Iterable<Cached<T>>): ObjectChange<T>[] {
    const changes: ObjectChange<T>[] = [];
    const present = new Set<string>();
    for (const object of objects) {
      present.add(keyOf(object));
      changes.push(...this.set(object));
    }
    const gone = [...this.#objects.keys()].filter((key) => !present.has(key));
    return [...gone.flatMap((key) => this.delete(key)), ...changes];
  }

  #index(key: string, object: Cached<T>): void {
    insert(this.#namespaces, object.metadata.namespace ?? '', key, object);
    for (const [name, indexer] of this.#indexers) {
      const values = this.#indexes.get(name);
      for (const value of indexer(object)) insert(values, value, key, object);
    }
  }

  #unindex(key: string, object: Cached<T>): void {
    remove(this.#namespaces, object.metadata.namespace ?? '', key);
    for (const [name, indexer] of this.#indexers) {
      const values = this.#indexes.get(name);
      for (const value of indexer(object)) remove(values, value, key);
    }
  }
}

type Index<Value> = Map<string, Map<string, Value>>;

function insert<Value>(index: Index<Value> | undefined, value: string, key: string, object: Value): void {
  const found = index?.get(value);
  if (found === undefined) index?.set(value, new Map([[key, object]]));
  else found.set(key, object);
}

function remove<Value>(index: Index<Value> | undefined, value: string, key: string): void {
  const found = index?.get(value);
  found?.delete(key);
  if (found?.size === 0) index?.delete(value);
}
