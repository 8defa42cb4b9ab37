/** When two values are equal, and which of two comes first. Numbers compare as numbers, whatever their types are. */

import type { Budget } from '../budget.ts';
import {
  Bytes,
  Duration,
  ListValue,
  MapValue,
  mapKeyOf,
  OpaqueValue,
  OptionalValue,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts';

/** Values of different kinds are not equal; nothing is wrong with asking. */
export function isEqual(a: Value, b: Value, budget: Budget): boolean {
  if (typeof a === 'string') {
    if (typeof b !== 'string') return false;
    budget.work(Math.min(a.length, b.length));
    return a === b;
  }
  budget.work(1);
  if (a === null || typeof a === 'boolean') return a === b;
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined) return right !== undefined && compareNumbers(left, right) === 0;
  if (a instanceof ListValue) return b instanceof ListValue && areListsEqual(a, b, budget);
  if (a instanceof MapValue) return b instanceof MapValue && areMapsEqual(a, b, budget);
  if (a instanceof Bytes) return b instanceof Bytes && compareBytes(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof OpaqueValue) return b instanceof OpaqueValue && a.equals(b);
  if (!(a instanceof OptionalValue && b instanceof OptionalValue)) return false;
  return a.value === undefined || b.value === undefined ? a.value === b.value : isEqual(a.value, b.value, budget);
}

function areListsEqual(a: ListValue, b: ListValue, budget: Budget): boolean {
  if (a.size !== b.size) return false;
  if (a.identity !== undefined) return [...b].every((item) => holdsSame(a, item, budget));
  for (let index = 0; index < a.size; index += 1) if (!isEqual(a.at(index), b.at(index), budget)) return false;
  return true;
}

/** Of sets and lists with keys the order says nothing. */
const holdsSame = (set: ListValue, item: Value, budget: Budget): boolean => {
  for (const one of set) if (isEqual(one, item, budget)) return true;
  return false;
};

function areMapsEqual(a: MapValue, b: MapValue, budget: Budget): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const [left, right] = [a.get(key), b.get(key)];
    if (left === undefined || right === undefined || !isEqual(left, right, budget)) return false;
  }
  return true;
}

/** Whether a list has an item of the same identity: the same item of a set, the same keys of a list with keys. */
export function identityIndex(
  items: readonly Value[],
  item: Value,
  identity: NonNullable<ListValue['identity']>,
  budget: Budget,
): number {
  return items.findIndex((one) =>
    identity === 'set'
      ? isEqual(one, item, budget)
      : identity.keys.every((key) => hasSameField(one, item, key, budget)),
  );
}

function hasSameField(a: Value, b: Value, key: string, budget: Budget): boolean {
  if (!(a instanceof MapValue && b instanceof MapValue)) return false;
  const [left, right] = [a.get(key), b.get(key)];
  return left === undefined || right === undefined ? left === right : isEqual(left, right, budget);
}

/** Of int, uint and double. */
export function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** Less than zero when `a` is less; NaN when they have no order. JavaScript compares both kinds exactly. */
export function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
}

export function compareBytes(a: Bytes, b: Bytes): number {
  const length = Math.min(a.value.length, b.value.length);
  for (let index = 0; index < length; index += 1) {
    const order = (a.value[index] ?? 0) - (b.value[index] ?? 0);
    if (order !== 0) return order;
  }
  return a.value.length - b.value.length;
}

/** By code points, as Go's bytes order them. */
export function compareStrings(a: string, b: string, budget: Budget): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index += 1;
  budget.work(index);
  if (index === length) return a.length - b.length;
  return rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
}

/** Halves of characters beyond the first plane come after all that is in it. */
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit);

/** Undefined where values have no order between them. */
export function orderOf(a: Value, b: Value, budget: Budget): number | undefined {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) return compareNumbers(left, right);
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b, budget);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Bytes && b instanceof Bytes) return compareBytes(a, b);
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration))
    return compareNumbers(a.nanos, b.nanos);
  return undefined;
}

export const isMapKey = (value: Value): boolean => mapKeyOf(value) !== undefined;
