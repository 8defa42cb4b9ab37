/** Arithmetic, comparisons, membership: what operators do. Logic and indexing are the evaluator's. */

import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { identityIndex, isEqual, orderOf } from '../values/equality.ts';
import { ItemGathering } from '../values/gathering.ts';
import { checkedDuration, checkedTime } from '../values/time.ts';
import {
  Bytes,
  checkedInt,
  checkedUint,
  Duration,
  ItemList,
  type ListValue,
  MapValue,
  Timestamp,
  Uint,
  type Value,
} from '../values/value.ts';
import { argument, type Declarations, instance, int, list, text } from './function-table.ts';

type Arithmetic = '+' | '-' | '*' | '/' | '%';

function computeWhole(sign: Arithmetic, a: bigint, b: bigint): bigint {
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0n) throw new CelError('division by zero');
      return a / b;
    case '%':
      if (b === 0n) throw new CelError('modulus by zero');
      return a % b;
  }
}

function computeDouble(sign: Exclude<Arithmetic, '%'>, a: number, b: number): number {
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
  }
}

const double = (value: Value | undefined): number => (typeof value === 'number' ? value : Number.NaN);
const uint = (value: Value | undefined): bigint => instance(value, Uint).value;
const nanos = (value: Value | undefined): bigint =>
  value instanceof Timestamp ? value.nanos : instance(value, Duration).nanos;

const wholeNumbers: Declarations = (['+', '-', '*', '/', '%'] as const).flatMap((sign) => [
  [`_${sign}_(int, int): int`, ([a, b]) => checkedInt(computeWhole(sign, int(a), int(b)))] as const,
  [`_${sign}_(uint, uint): uint`, ([a, b]) => checkedUint(computeWhole(sign, uint(a), uint(b)))] as const,
]);

const doubles: Declarations = (['+', '-', '*', '/'] as const).map((sign) => [
  `_${sign}_(double, double): double`,
  ([a, b]) => computeDouble(sign, double(a), double(b)),
]);

function joinBytes(a: Bytes, b: Bytes, budget: Budget): Bytes {
  budget.work(a.value.length + b.value.length);
  const joined = new Uint8Array(a.value.length + b.value.length);
  joined.set(a.value);
  joined.set(b.value, a.value.length);
  return new Bytes(joined);
}

/** Lists with an identity are merged: what is there is kept or replaced in its place, what is new comes last. */
function joinLists(a: ListValue, b: ListValue, budget: Budget): ListValue {
  if (a instanceof ItemGathering) return a.add(b);
  budget.work(a.size + b.size);
  if (a.identity === undefined) return new ItemList([...a, ...b]);
  const items = [...a];
  for (const item of b) {
    const index = identityIndex(items, item, a.identity, budget);
    if (index < 0) items.push(item);
    else if (a.identity !== 'set') items[index] = item;
  }
  return new ItemList(items, a.identity);
}

function joinText(a: string, b: string): string {
  if (a.length + b.length > longestText) throw new CelError('string is too long');
  return a + b;
}

/** No request is longer; an expression that doubles a text again and again ends here. */
const longestText = 16 * 1024 * 1024;

const sums: Declarations = [
  ['_+_(string, string): string', ([a, b]) => joinText(text(a), text(b))],
  ['_+_(bytes, bytes): bytes', ([a, b], budget) => joinBytes(instance(a, Bytes), instance(b, Bytes), budget)],
  ['_+_(list(A), list(A)): list(A)', ([a, b], budget) => joinLists(list(a), list(b), budget)],
  ['_+_(duration, duration): duration', ([a, b]) => checkedDuration(nanos(a) + nanos(b))],
  ['_+_(duration, timestamp): timestamp', ([a, b]) => checkedTime(nanos(a) + nanos(b))],
  ['_+_(timestamp, duration): timestamp', ([a, b]) => checkedTime(nanos(a) + nanos(b))],
  ['_-_(duration, duration): duration', ([a, b]) => checkedDuration(nanos(a) - nanos(b))],
  ['_-_(timestamp, duration): timestamp', ([a, b]) => checkedTime(nanos(a) - nanos(b))],
  ['_-_(timestamp, timestamp): duration', ([a, b]) => checkedDuration(nanos(a) - nanos(b))],
  ['-_(int): int', ([a]) => checkedInt(-int(a))],
  ['-_(double): double', ([a]) => -double(a)],
  ['!_(bool): bool', ([a]) => a !== true],
];

const orders = {
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const;
const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const numeric = ['int', 'uint', 'double'];

const comparisons: Declarations = Object.entries(orders).flatMap(([sign, holds]) => {
  const compare = (args: readonly Value[], budget: Budget): boolean =>
    holds(orderOf(argument(args[0]), argument(args[1]), budget) ?? Number.NaN);
  const mixed = numeric.flatMap((a) => numeric.filter((b) => b !== a).map((b) => [a, b] as const));
  return [...ordered.map((type) => [type, type] as const), ...mixed].map(
    ([a, b]) => [`_${sign}_(${a}, ${b}): bool`, compare] as const,
  );
});

function isIn(item: Value, items: ListValue, budget: Budget): boolean {
  for (const one of items) if (isEqual(one, item, budget)) return true;
  return false;
}

const membership: Declarations = [
  ['@in(A, list(A)): bool', ([item, items], budget) => isIn(argument(item), list(items), budget)],
  ['@in(A, map(A, B)): bool', ([key, map]) => instance(map, MapValue).has(argument(key))],
  ['_==_(A, A): bool', ([a, b], budget) => isEqual(argument(a), argument(b), budget)],
  ['_!=_(A, A): bool', ([a, b], budget) => !isEqual(argument(a), argument(b), budget)],
];

/** Known to the checker by their signatures; the evaluator does them itself. */
const done = (): never => {
  throw new CelError('no such overload');
};
const evaluated: Declarations = [
  ['_&&_(bool, bool): bool', done],
  ['_||_(bool, bool): bool', done],
  ['_?_:_(bool, A, A): A', done],
  ['@not_strictly_false(bool): bool', done],
  ['_[_](list(A), int): A', done],
  ['_[_](map(A, B), A): B', done],
  ['_[_](optional(list(A)), int): optional(A)', done],
  ['_[_](optional(map(A, B)), A): optional(B)', done],
  ['_[?_](list(A), int): optional(A)', done],
  ['_[?_](optional(list(A)), int): optional(A)', done],
  ['_[?_](map(A, B), A): optional(B)', done],
  ['_[?_](optional(map(A, B)), A): optional(B)', done],
];

export const operators: Declarations = [
  ...wholeNumbers,
  ...doubles,
  ...sums,
  ...comparisons,
  ...membership,
  ...evaluated,
];
