/** Follows the store: every change is judged, in order, and what is there now can be compared. */

import type { Store } from '../../apiserver/store/store.ts';
import { eventually } from '../support/eventually.ts';
import type { Bounds } from './bounds.ts';
import { belongsTo, comparable, readEntry, type StoredEntry } from './end-state.ts';
import { worldNamespaces } from './world.ts';

export class ObservedWorld {
  readonly #store: Store;
  readonly #bounds: Bounds;
  readonly #entries = new Map<string, StoredEntry>();
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #seen = 0;
  #texts: readonly string[] | undefined;

  constructor(store: Store, bounds: Bounds) {
    this.#store = store;
    this.#bounds = bounds;
    this.#done = this.#follow();
  }

  /** The same list until something changes. */
  texts(): readonly string[] {
    this.#texts ??= comparable([...this.#entries.values()]);
    return this.#texts;
  }

  /** Resolves when everything that is in the store by now has been judged. */
  async stop(): Promise<void> {
    const last = await this.#store.currentRevision();
    await eventually('all changes are judged', () => this.#seen >= last);
    this.#end.abort();
    await this.#done;
  }

  async #follow(): Promise<void> {
    const batches = this.#store.watch({ prefix: '/registry/', after: 1, signal: this.#end.signal });
    for await (const { changes, revision } of batches) {
      for (const change of changes) {
        const key = change.type === 'delete' ? change.key : change.entry.key;
        const read = change.type === 'delete' ? undefined : readEntry(key, change.entry.value);
        if (change.type === 'delete') this.#forget(key);
        else if (read !== undefined && belongsTo(read, worldNamespaces)) this.#keep(key, read, change.created);
      }
      this.#seen = revision;
    }
  }

  #keep(key: string, entry: StoredEntry, isNew: boolean): void {
    this.#entries.set(key, entry);
    this.#texts = undefined;
    this.#bounds.put(key, entry, isNew);
  }

  #forget(key: string): void {
    if (!this.#entries.delete(key)) return;
    this.#texts = undefined;
    this.#bounds.remove(key);
  }
}
