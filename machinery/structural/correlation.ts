/**
 * A value and the one that was there before it, as ratcheting (KEP 4008) pairs them: fields by name, items of lists of
 * type `map` by their keys, items of no other list. Where both are equal, what is wrong is not told again.
 */

import { equalJson, isRecord, type JsonRecord } from '../../api/json-record.ts';
import { memberNode, type StructuralNode } from './structural-node.ts';

export class Correlation {
  readonly #value: unknown;
  readonly #previous: unknown;
  readonly #node: StructuralNode;
  #children: Map<string | number, Correlation | undefined> | undefined;
  #previousItems: ReadonlyMap<string, JsonRecord> | undefined;
  #isUnchanged: boolean | undefined;

  constructor(value: unknown, previous: unknown, node: StructuralNode) {
    this.#value = value;
    this.#previous = previous;
    this.#node = node;
  }

  get value(): unknown {
    return this.#value;
  }

  get previous(): unknown {
    return this.#previous;
  }

  /** Undefined: there was none, or the schema does not know the member. */
  key(name: string): Correlation | undefined {
    return this.#child(name, () => {
      const [value, previous] = [this.#value, this.#previous];
      if (!isRecord(value) || !isRecord(previous)) return undefined;
      const node = memberNode(this.#node, name);
      if (node === undefined || !Object.hasOwn(value, name) || !Object.hasOwn(previous, name)) return undefined;
      return new Correlation(value[name], previous[name], node);
    });
  }

  /** Undefined: the list is of no type whose items are told apart, or there was none with the item's keys. */
  index(index: number): Correlation | undefined {
    return this.#child(index, () => {
      const { items } = this.#node;
      const item = Array.isArray(this.#value) ? this.#value[index] : undefined;
      if (items === undefined || item === undefined) return undefined;
      const previous = this.#previousOf(item);
      return previous === undefined ? undefined : new Correlation(item, previous, items);
    });
  }

  #child(step: string | number, make: () => Correlation | undefined): Correlation | undefined {
    this.#children ??= new Map();
    let child = this.#children.get(step);
    if (child === undefined && !this.#children.has(step)) {
      child = make();
      this.#children.set(step, child);
    }
    return child;
  }

  #previousOf(item: unknown): JsonRecord | undefined {
    this.#previousItems ??= keyedItems(this.#previous, this.#node);
    const key = listMapKey(item, this.#node);
    return key === undefined ? undefined : this.#previousItems.get(key);
  }

  /** Found once. A member that the schema does not know counts as changed: nothing says what to compare it with. */
  get isUnchanged(): boolean {
    this.#isUnchanged ??= this.#compare();
    return this.#isUnchanged;
  }

  #compare(): boolean {
    const [value, previous] = [this.#value, this.#previous];
    if (Array.isArray(value)) return Array.isArray(previous) && this.#compareLists(value, previous);
    if (!isRecord(value) || !isRecord(previous)) return equalJson(value, previous);
    const names = Object.keys(value);
    if (names.length !== Object.keys(previous).length) return false;
    return names.every((name) => this.key(name)?.isUnchanged === true);
  }

  #compareLists(value: readonly unknown[], previous: readonly unknown[]): boolean {
    if (value.length !== previous.length) return false;
    if (!isMapList(this.#node)) return equalJson(value, previous);
    return value.every((_, index) => this.index(index)?.isUnchanged === true);
  }
}

export const isMapList = ({ schema }: StructuralNode): boolean =>
  schema['x-kubernetes-list-type'] === 'map' && (schema['x-kubernetes-list-map-keys'] ?? []).length > 0;

/** The items of a list of type `map` by their keys; of two with the same the first. */
export function keyedItems(list: unknown, node: StructuralNode): ReadonlyMap<string, JsonRecord> {
  const items = new Map<string, JsonRecord>();
  if (!Array.isArray(list) || !isMapList(node)) return items;
  for (const item of list) {
    const key = listMapKey(item, node);
    if (key !== undefined && isRecord(item) && !items.has(key)) items.set(key, item);
  }
  return items;
}

/** Undefined: it has not all of the keys, or one that is no plain value. */
export function listMapKey(item: unknown, { schema }: StructuralNode): string | undefined {
  if (!isRecord(item)) return undefined;
  const values: unknown[] = [];
  for (const name of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = Object.hasOwn(item, name) ? item[name] : null;
    if (value === null || typeof value === 'object') return undefined;
    values.push(value);
  }
  return JSON.stringify(values);
}
