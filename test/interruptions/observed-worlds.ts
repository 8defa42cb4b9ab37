/** Follows the store: every change is judged, in order, and what there is now of each world can be compared. */

import type { Store } from '../../apiserver/store/store.ts';
import { eventually } from '../support/eventually.ts';
import { Bounds } from './bounds.ts';
import { comparable, readEntry, type StoredEntry, worldIdOf } from './end-state.ts';
import type { NodeBound } from './node-bound.ts';
import { podGroups, type World } from './world.ts';

export class ObservedWorld {
  readonly bounds = new Bounds(podGroups);
  readonly #entries = new Map<string, StoredEntry>();
  #texts: readonly string[] | undefined;

  /** The same list until something changes. */
  texts(): readonly string[] {
    this.#texts ??= comparable([...this.#entries.values()]);
    return this.#texts;
  }

  keep(key: string, entry: StoredEntry, isNew: boolean): void {
    this.#entries.set(key, entry);
    this.#texts = undefined;
    this.bounds.put(key, entry, isNew);
  }

  forget(key: string): void {
    if (!this.#entries.delete(key)) return;
    this.#texts = undefined;
    this.bounds.remove(key);
  }
}

export class ObservedWorlds {
  readonly #store: Store;
  readonly #nodeBound: NodeBound;
  readonly #worlds: ReadonlyMap<string, ObservedWorld>;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #seen = 0;

  /** What happens after the revision `after`. */
  constructor({ store, worlds, nodeBound, after }: ObservationOptions) {
    this.#store = store;
    this.#nodeBound = nodeBound;
    this.#worlds = new Map(worlds.map(({ id }) => [id, new ObservedWorld()]));
    this.#done = this.#follow(after);
  }

  /** In the order in which they were given. */
  all(): readonly ObservedWorld[] {
    return [...this.#worlds.values()];
  }

  /** Resolves when everything that is in the store by now has been judged. */
  async stop(): Promise<void> {
    const last = await this.#store.currentRevision();
    await eventually('all changes are judged', () => this.#seen >= last);
    this.#end.abort();
    await this.#done;
  }

  async #follow(after: number): Promise<void> {
    this.#seen = after;
    const batches = this.#store.watch({ prefix: '/registry/', after, signal: this.#end.signal });
    for await (const { changes, revision } of batches) {
      for (const change of changes) {
        if (change.type === 'delete') this.#forget(change.key);
        else this.#keep(change.entry.key, readEntry(change.entry.key, change.entry.value), change.created);
      }
      this.#seen = revision;
    }
  }

  #keep(key: string, entry: StoredEntry | undefined, isNew: boolean): void {
    if (entry === undefined) return;
    if (entry.resource === 'pods') this.#nodeBound.put(key, entry.object);
    this.#worlds.get(worldIdOf(entry) ?? '')?.keep(key, entry, isNew);
  }

  #forget(key: string): void {
    this.#nodeBound.remove(key);
    for (const world of this.#worlds.values()) world.forget(key);
  }
}

export interface ObservationOptions {
  readonly store: Store;
  readonly worlds: readonly World[];
  readonly nodeBound: NodeBound;
  readonly after: number;
}
