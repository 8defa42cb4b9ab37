/**
 * A map from string keys that is walked in key order without ever being sorted as a whole: a list of short sorted
 * chunks. Reads by key are a plain Map's; an insertion moves at most one chunk's keys.
 *
 * Order is that of the keys' UTF-8 bytes, as in etcd. JavaScript compares UTF-16 code units, which is the same unless
 * both strings have units from U+D800 on: astral characters come before U+E000 there. Only a map that holds such a key
 * pays for looking closer.
 */

import { compareText } from '../../base/compare.ts';

const longestChunk = 512;
const wideUnit = /[\uD800-\uFFFF]/;

export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  /** Each sorted and not empty; no key of one is greater than a key of the next. */
  #chunks: string[][] = [];
  /** Compares by code units for as long as that is right. */
  #isLess: (a: string, b: string) => boolean = isLessByUnits;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#insert(key);
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    const { chunk, index } = this.#locate(key);
    const keys = this.#chunks[chunk] ?? [];
    keys.splice(index, 1);
    if (keys.length === 0) this.#chunks.splice(chunk, 1);
    return true;
  }

  /** In no order. */
  values(): IterableIterator<V> {
    return this.#values.values();
  }

  /** Entries in key order whose keys start with `prefix` and are greater than `after`. Not to be changed meanwhile. */
  *entries(prefix = '', after = ''): Generator<[string, V]> {
    let { chunk, index } = this.#first(prefix, after);
    for (; chunk < this.#chunks.length; chunk += 1, index = 0) {
      const keys = this.#chunks[chunk] ?? [];
      for (; index < keys.length; index += 1) {
        const key = keys[index] ?? '';
        if (!key.startsWith(prefix)) return;
        // Each of the keys has a value, which may be undefined itself.
        yield [key, this.#values.get(key) as V];
      }
    }
  }

  /** How many keys start with `prefix` and are greater than `after`. */
  count(prefix = '', after = ''): number {
    const from = this.#first(prefix, after);
    const to = prefix === '' ? { chunk: this.#chunks.length, index: 0 } : this.#locate(prefixEnd(prefix));
    if (from.chunk > to.chunk) return 0;
    let between = to.index - from.index;
    for (let chunk = from.chunk; chunk < to.chunk; chunk += 1) between += this.#chunks[chunk]?.length ?? 0;
    return Math.max(0, between);
  }

  #first(prefix: string, after: string): { chunk: number; index: number } {
    // The least string greater than `after` is `after` with a NUL behind it.
    return this.#locate(after !== '' && !this.#isLess(after, prefix) ? `${after}\0` : prefix);
  }

  #insert(key: string): void {
    // What is there already is in the same order by either comparison.
    if (this.#isLess === isLessByUnits && wideUnit.test(key)) this.#isLess = isLessByBytes;
    let { chunk, index } = this.#locate(key);
    if (index === 0 && chunk > 0) {
      // Before the first key of a chunk is also behind the last of the one before it: keys often come in order.
      chunk -= 1;
      index = this.#chunks[chunk]?.length ?? 0;
    }
    const keys = this.#chunks[chunk];
    if (keys === undefined) {
      this.#chunks.push([key]);
      return;
    }
    keys.splice(index, 0, key);
    if (keys.length > longestChunk) this.#split(chunk, keys, index);
  }

  /** Where an end insertion made it too long the new chunk starts there, so that keys that come in order fill chunks. */
  #split(chunk: number, keys: string[], index: number): void {
    const at = index === keys.length - 1 ? index : keys.length >> 1;
    this.#chunks.splice(chunk + 1, 0, keys.splice(at));
  }

  /** The position of the first key that is not less than `key`. */
  #locate(key: string): { chunk: number; index: number } {
    const isLess = this.#isLess;
    const chunk = lowerBound(this.#chunks, (keys) => isLess(keys[keys.length - 1] ?? '', key));
    const index = lowerBound(this.#chunks[chunk] ?? [], (other) => isLess(other, key));
    return { chunk, index };
  }
}

function isLessByUnits(a: string, b: string): boolean {
  return a < b;
}

const isLessByBytes = (a: string, b: string): boolean => compareText(a, b) < 0;

/** The least string that is greater than all that start with `prefix` (not empty, not ending in U+FFFF). */
export function prefixEnd(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/** Index of the first item for which `isBefore` is false. */
function lowerBound<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // Between the ends of the list.
    if (isBefore(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
