/** What a fold gathers: grows in place, since nobody sees it before it is done. */

import { CelError } from '../cel-error.ts';
import { EntryMap, ItemList, ListValue as List, type ListValue, MapValue, mapKeyOf, type Value } from './value.ts';

export class ItemGathering extends List {
  readonly #items: Value[] = [];

  get size(): number {
    return this.#items.length;
  }

  at(index: number): Value {
    return this.#items[index] ?? null;
  }

  add(more: ListValue): this {
    for (const item of more) this.#items.push(item);
    return this;
  }

  done(): ListValue {
    return new ItemList(this.#items);
  }
}

export class EntryGathering extends MapValue {
  readonly #entries = new Map<string | bigint | boolean, readonly [Value, Value]>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    const known = mapKeyOf(key);
    return known === undefined ? undefined : this.#entries.get(known)?.[1];
  }

  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }

  insert(key: Value, value: Value): this {
    const known = mapKeyOf(key);
    if (known === undefined) throw new CelError('unsupported key type');
    if (this.#entries.has(known)) throw new CelError(`insert failed: key ${String(known)} already exists`);
    this.#entries.set(known, [key, value]);
    return this;
  }

  done(): MapValue {
    return new EntryMap(this.#entries);
  }
}
