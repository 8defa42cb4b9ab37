/** Values that may be missing. `or` and `orValue` look at the alternative only where they must: the evaluator's. */

import { CelError } from '../cel-error.ts';
import { EntryGathering } from '../values/gathering.ts';
import {
  Bytes,
  Duration,
  ItemList,
  ListValue,
  MapValue,
  none,
  OptionalValue,
  Timestamp,
  Uint,
  type Value,
} from '../values/value.ts';
import { argument, type Declarations, instance, list } from './function-table.ts';

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Bytes) return value.value.length === 0;
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  return value instanceof Timestamp && value.nanos === firstMoment;
}

/** The beginning of year 1, which is Go's zero time. */
const firstMoment = -62_135_596_800_000_000_000n;

function innerValueOf(value: Value | undefined): Value {
  const { value: inner } = instance(value, OptionalValue);
  if (inner === undefined) throw new CelError('optional.none() dereference');
  return inner;
}

const lazily = (): never => {
  throw new CelError('no such overload');
};

function unwrap(items: ListValue): ListValue {
  const values: Value[] = [];
  for (const item of items) {
    const { value } = instance(item, OptionalValue);
    if (value !== undefined) values.push(value);
  }
  return new ItemList(values);
}

function ends(items: ListValue, index: number): OptionalValue {
  return items.size === 0 ? none : new OptionalValue(items.at(index));
}

export const optionals: Declarations = [
  ['optional.of(A): optional(A)', ([a]) => new OptionalValue(argument(a))],
  ['optional.ofNonZeroValue(A): optional(A)', ([a]) => (isZero(argument(a)) ? none : new OptionalValue(argument(a)))],
  ['optional.none(): optional(A)', () => none],
  ['optional(A).value(): A', ([a]) => innerValueOf(a)],
  ['optional(A).hasValue(): bool', ([a]) => instance(a, OptionalValue).value !== undefined],
  ['optional(A).or(optional(A)): optional(A)', lazily],
  ['optional(A).orValue(A): A', lazily],
  ['optional.unwrap(list(optional(A))): list(A)', ([a]) => unwrap(list(a))],
  ['list(optional(A)).unwrapOpt(): list(A)', ([a]) => unwrap(list(a))],
  ['list(A).first(): optional(A)', ([a]) => ends(list(a), 0)],
  ['list(A).last(): optional(A)', ([a]) => ends(list(a), list(a).size - 1)],
];

function insertAll(into: EntryGathering, entries: MapValue): EntryGathering {
  for (const key of entries.keys()) into.insert(key, entries.get(key) ?? null);
  return into;
}

/** What folds fill maps with. */
export const mapBuilding: Declarations = [
  [
    'cel.@mapInsert(map(A, B), A, B): map(A, B)',
    ([map, key, value]) => instance(map, EntryGathering).insert(argument(key), argument(value)),
  ],
  [
    'cel.@mapInsert(map(A, B), map(A, B)): map(A, B)',
    ([map, entries]) => insertAll(instance(map, EntryGathering), instance(entries, MapValue)),
  ],
];
