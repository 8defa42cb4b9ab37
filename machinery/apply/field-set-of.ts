/** Which fields an applied configuration claims, and whether it is one at all. */

import { isRecord } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { type FieldSet, FieldSetBuilder, formatElement, formatPath } from './field-set.ts';
import { elementOf, ItemError, itemsByElement } from './list-items.ts';
import { memberSchemaOf, placeOf } from './type-at.ts';

/** The paths of everything that `value` says. Containers are claimed by what is in them, empty ones by themselves. */
export function fieldSetOf(schema: Schema, value: unknown): FieldSet {
  const claims = new Claims();
  claims.claim(schema, value);
  return claims.set.build();
}

class Claims {
  readonly set = new FieldSetBuilder();
  readonly #path: string[] = [];

  claim(schema: Schema, value: unknown): void {
    const place = placeOf(schema, value);
    if (place.kind === 'leaf') this.set.add(this.#path);
    else if (place.kind === 'list') this.#claimItems(place.schema, Array.isArray(value) ? value : []);
    else if (isRecord(value)) {
      for (const [key, part] of Object.entries(value)) {
        const member = place.member(key);
        if (member === undefined) continue;
        const isClaimed = !member.isNamed || isEmptyMap(part);
        this.#at(member.element, isClaimed, () => this.claim(member.schema, part));
      }
    }
  }

  #claimItems(schema: ListSchema, list: readonly unknown[]): void {
    for (const [element, items] of itemsByElement(schema, list)) {
      this.#at(element, true, () => {
        if (items.length === 1) this.claim(schema.items, items[0]);
      });
    }
  }

  #at(element: string, isClaimed: boolean, claimParts: () => void): void {
    this.#path.push(element);
    claimParts();
    if (isClaimed) this.set.add(this.#path);
    this.#path.pop();
    this.set.keep(this.#path.length);
  }
}

const isEmptyMap = (value: unknown): boolean => value === null || (isRecord(value) && Object.keys(value).length === 0);

/** What is wrong with a configuration by its types, as `.spec.replicas: expected numeric …`; empty when nothing is. */
export function typeErrors(schema: Schema, value: unknown, path: readonly string[] = []): string[] {
  if (value === null || value === undefined) return [];
  const wrong = (expected: string) => [`${formatPath(path)}: expected ${expected}, got ${JSON.stringify(value)}`];
  switch (schema.type) {
    case 'object':
      return isRecord(value) ? memberErrors(value, (key) => memberSchemaOf(schema, key), path) : wrong('map');
    case 'map':
      return isRecord(value) ? memberErrors(value, () => schema.values, path) : wrong('map');
    case 'list':
      return Array.isArray(value) ? itemErrors(schema, value, path) : wrong('list');
    default: {
      const expected = expectedScalar(schema.type, value);
      return expected === undefined ? [] : wrong(expected);
    }
  }
}

function memberErrors(
  value: Record<string, unknown>,
  schemaOf: (key: string) => Schema | undefined,
  path: readonly string[],
): string[] {
  return Object.entries(value).flatMap(([key, member]) => {
    const child = [...path, `f:${key}`];
    const schema = schemaOf(key);
    return schema === undefined
      ? [`${formatPath(child)}: field not declared in schema`]
      : typeErrors(schema, member, child);
  });
}

function itemErrors(schema: ListSchema, list: readonly unknown[], path: readonly string[]): string[] {
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    if (schema.listType === 'atomic') return typeErrors(schema.items, item, [...path, `i:${index}`]);
    const element = elementOrError(schema, item);
    if (element instanceof ItemError) return [`${formatPath(path)}: element ${index}: ${element.message}`];
    if (seen.has(element)) return [`${formatPath(path)}: duplicate entries for key ${formatElement(element)}`];
    seen.add(element);
    return typeErrors(schema.items, item, [...path, element]);
  });
}

function elementOrError(schema: ListSchema, item: unknown): string | ItemError {
  try {
    return elementOf(schema, item);
  } catch (error) {
    if (error instanceof ItemError) return error;
    throw error;
  }
}

function expectedScalar(type: Exclude<Schema['type'], 'object' | 'map' | 'list'>, value: unknown): string | undefined {
  const isNumber = typeof value === 'number' || value instanceof NumberLiteral;
  switch (type) {
    case 'raw':
      return undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'boolean';
    case 'int32':
    case 'int64':
    case 'double':
      return isNumber ? undefined : 'numeric (int or float)';
    case 'string':
    case 'bytes':
      return typeof value === 'string' ? undefined : 'string';
    case 'quantity':
    case 'int-or-string':
    case 'time':
    case 'micro-time':
      return isRecord(value) || Array.isArray(value) ? 'scalar' : undefined;
  }
}
