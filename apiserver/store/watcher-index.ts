/**
 * Watchers by what they want, so that a change asks only those whom it may concern: each stands in one place, under
 * the narrowest part of its interest (one object, one value of the designated field, one namespace, everything).
 */

import type { CacheChange } from './cache-change.ts';
import type { CacheWatcher } from './cache-watcher.ts';

type Watchers = Set<CacheWatcher>;
type Part = 'name' | 'field' | 'namespace';
type Place = readonly [Part, string] | readonly ['all'];

export class WatcherIndex {
  readonly #indexedField: string | undefined;
  readonly #all: Watchers = new Set();
  readonly #by: Readonly<Record<Part, Map<string, Watchers>>> = {
    /** `namespace/name`, with an empty namespace when the watcher names none. */
    name: new Map(),
    field: new Map(),
    namespace: new Map(),
  };
  #size = 0;

  constructor(indexedField?: string) {
    this.#indexedField = indexedField;
  }

  get size(): number {
    return this.#size;
  }

  add(watcher: CacheWatcher): void {
    const [part, value] = this.#placeOf(watcher);
    if (part === 'all') this.#all.add(watcher);
    else {
      const there = this.#by[part].get(value);
      if (there) there.add(watcher);
      else this.#by[part].set(value, new Set([watcher]));
    }
    this.#size += 1;
  }

  delete(watcher: CacheWatcher): void {
    const [part, value] = this.#placeOf(watcher);
    const there = part === 'all' ? this.#all : this.#by[part].get(value);
    if (!there?.delete(watcher)) return;
    if (part !== 'all' && there.size === 0) this.#by[part].delete(value);
    this.#size -= 1;
  }

  /** Everyone whom the change may concern, each once. */
  *concernedBy({ before, after }: CacheChange): Generator<CacheWatcher> {
    const version = after ?? before;
    if (version === undefined) return;
    yield* this.#all;
    yield* this.#at('namespace', version.namespace);
    yield* this.#at('name', `/${version.name}`);
    if (version.namespace !== '') yield* this.#at('name', `${version.namespace}/${version.name}`);
    if (this.#indexedField === undefined) return;
    const now = after?.fields[this.#indexedField];
    const then = before?.fields[this.#indexedField];
    if (now !== undefined) yield* this.#at('field', now);
    if (then !== undefined && then !== now) yield* this.#at('field', then);
  }

  *[Symbol.iterator](): Generator<CacheWatcher> {
    yield* this.#all;
    for (const places of Object.values(this.#by)) for (const watchers of places.values()) yield* watchers;
  }

  #at(part: Part, value: string): Iterable<CacheWatcher> {
    return this.#by[part].get(value) ?? [];
  }

  #placeOf({ interest }: CacheWatcher): Place {
    const { namespace, name, fields } = interest;
    if (name !== undefined) return ['name', `${namespace ?? ''}/${name}`];
    const value = this.#indexedField === undefined ? undefined : fields?.[this.#indexedField];
    if (value !== undefined) return ['field', value];
    return namespace === undefined ? ['all'] : ['namespace', namespace];
  }
}
