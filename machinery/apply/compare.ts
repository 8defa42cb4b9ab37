/** What changed between two versions of an object, as sets of field paths. */

import { equalJson, isRecord, own } from '../../api/json-record.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { type FieldSet, FieldSetBuilder } from './field-set.ts';
import { itemsByElement } from './list-items.ts';
import { type MapPlace, type Member, type Place, placeOf } from './type-at.ts';

export interface Comparison {
  /** Fields that only the second version has. */
  readonly added: FieldSet;
  readonly modified: FieldSet;
  /** Fields that only the first version has. */
  readonly removed: FieldSet;
}

export interface CompareOptions {
  /** `after` is an object on its way to the store, which writes empty lists and maps as if they were not there. */
  readonly omitEmpty?: boolean;
}

export function compare(schema: Schema, before: unknown, after: unknown, options: CompareOptions = {}): Comparison {
  const walk = new Walk(options.omitEmpty ?? false);
  walk.compare(schema, before, after);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

/** `undefined` stands for a value that is not there; null is one that is. */
class Walk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();
  readonly #path: string[] = [];
  readonly #omitEmpty: boolean;

  constructor(omitEmpty: boolean) {
    this.#omitEmpty = omitEmpty;
  }

  compare(schema: Schema, before: unknown, after: unknown): void {
    if (before === after) return;
    const place = placeOf(schema, before, after);
    if (place.kind === 'leaf' || (isNothing(before) && isNothing(after))) this.#compareLeaf(before, after);
    else this.#compareParts(place, before, after);
  }

  #compareLeaf(before: unknown, after: unknown): void {
    if (before === undefined) this.added.add(this.#path);
    else if (after === undefined) this.removed.add(this.#path);
    else if (!equalJson(before, after)) this.modified.add(this.#path);
  }

  #compareParts(place: Exclude<Place, { kind: 'leaf' }>, before: unknown, after: unknown): void {
    if (place.kind === 'map') this.#compareMaps(place, isRecord(before) ? before : {}, isRecord(after) ? after : {});
    else this.#compareLists(place.schema, Array.isArray(before) ? before : [], Array.isArray(after) ? after : []);
    if (before === undefined) this.added.add(this.#path);
    else if (after === undefined) this.removed.add(this.#path);
  }

  #compareMaps(place: MapPlace, before: Record<string, unknown>, after: Record<string, unknown>): void {
    for (const key in before) this.#compareMember(place.member(key), before[key], own(after, key));
    for (const key in after) {
      if (!Object.hasOwn(before, key)) this.#compareMember(place.member(key), undefined, after[key]);
    }
  }

  #compareMember(member: Member | undefined, before: unknown, after: unknown): void {
    // A field that the schema does not have belongs to nobody.
    if (member === undefined) return;
    const written = this.#omitEmpty ? member.written(after) : after;
    if (before !== written) this.#descend(member.element, member.schema, before, written);
  }

  #descend(element: string, schema: Schema, before: unknown, after: unknown): void {
    this.#path.push(element);
    this.compare(schema, before, after);
    this.#leave();
  }

  #addItem(set: FieldSetBuilder, element: string): void {
    this.#path.push(element);
    set.add(this.#path);
    this.#leave();
  }

  #leave(): void {
    this.#path.pop();
    const { length } = this.#path;
    this.added.keep(length);
    this.modified.keep(length);
    this.removed.keep(length);
  }

  #compareLists(schema: ListSchema, before: readonly unknown[], after: readonly unknown[]): void {
    // Most lists do not change: looking for the identity of every item would cost the most of all.
    if (before.length === after.length && equalJson(before, after)) return;
    const left = itemsByElement(schema, before);
    const right = itemsByElement(schema, after);
    for (const [element, items] of left) this.#compareItems(schema, element, items, right.get(element) ?? []);
    for (const [element, items] of right) if (!left.has(element)) this.#compareItems(schema, element, [], items);
  }

  /** Items of one identity. Several of them are one value together: nobody can own one of them alone. */
  #compareItems(schema: ListSchema, element: string, before: readonly unknown[], after: readonly unknown[]): void {
    const [left] = before;
    const [right] = after;
    if (before.length <= 1 && after.length <= 1) this.#descend(element, schema.items, left, right);
    else if (before.length > 1 && after.length > 1) {
      if (!equalJson(before, after)) this.#addItem(this.modified, element);
    } else if (before.length > 1) {
      if (after.length > 0) this.#descend(element, schema.items, undefined, right);
      this.#addItem(this.removed, element);
    } else {
      if (before.length > 0) this.#descend(element, schema.items, left, undefined);
      this.#addItem(this.added, element);
    }
  }
}

/** Empty, null or not there: a container with nothing in it is compared as one value. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isRecord(value)) return false;
  for (const _ in value) return false;
  return true;
}
