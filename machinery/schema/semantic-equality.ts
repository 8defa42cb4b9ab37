/**
 * Whether two objects of a definition mean the same, as upstream's `Semantic.DeepEqual` has it: the order of keys says
 * nothing, an empty list or map is none, a field left out is its zero where Go has one, and `1Gi` is `1073741824`.
 */

import { equalJson, isRecord, type JsonRecord, own } from '../../api/json-record.ts';
import { compareQuantities, QuantityError } from '../../api/quantity.ts';
import type { SchemaOrName } from './schema.ts';
import { type FieldShape, type Shape, type StructShape, shapeOf, zeroValue } from './shape.ts';

/** Neither is changed. They may be as they were decoded or as they are stored. */
export function isSemanticallyEqual(
  schema: SchemaOrName,
  a: object | null | undefined,
  b: object | null | undefined,
): boolean {
  return equalValues(shapeOf(schema), a, b);
}

function equalValues(shape: Shape, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  switch (shape.type) {
    case 'struct':
      return isRecord(a) && isRecord(b) ? equalStructs(shape, a, b) : isNone(a) && isNone(b);
    case 'map':
      return equalMaps(shape.values, isRecord(a) ? a : {}, isRecord(b) ? b : {});
    case 'list':
      return equalLists(shape.items, Array.isArray(a) ? a : [], Array.isArray(b) ? b : []);
    case 'scalar':
      if (shape.scalar === 'quantity') return equalQuantities(a, b);
      return isNone(a) ? isNone(b) : equalJson(a, b);
  }
}

const isNone = (value: unknown): boolean => value === undefined || value === null;

function equalStructs(shape: StructShape, a: JsonRecord, b: JsonRecord): boolean {
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const field = shape.fields.get(name);
    const [one, other] = [own(a, name), own(b, name)];
    const isSame = field ? equalValues(field.shape, orZero(field, one), orZero(field, other)) : equalJson(one, other);
    if (!isSame) return false;
  }
  return true;
}

/** What Go has in a field that nobody filled in; a pointer has nothing. */
function orZero({ shape, dropsZero, zero }: FieldShape, value: unknown): unknown {
  if (!isNone(value)) return value;
  return zero ? zero() : dropsZero ? zeroValue(shape) : undefined;
}

function equalMaps(values: Shape, a: JsonRecord, b: JsonRecord): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalValues(values, a[key], b[key]));
}

const equalLists = (items: Shape, a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => equalValues(items, item, b[index]));

function equalQuantities(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return isNone(a) && isNone(b);
  try {
    return compareQuantities(a, b) === 0;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}
