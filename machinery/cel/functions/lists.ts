/** Kubernetes' functions of lists, those of sets, and numbers' greatest and least. */

import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { isEqual, orderOf } from '../values/equality.ts';
import { checkedDuration } from '../values/time.ts';
import { checkedInt, checkedUint, Duration, type ListValue, Uint, type Value } from '../values/value.ts';
import { argument, type Declarations, list, ordered } from './function-table.ts';

function compare(a: Value, b: Value, budget: Budget): number {
  const order = orderOf(a, b, budget);
  if (order === undefined) throw new CelError('no such overload');
  return order;
}

function isSorted(items: ListValue, budget: Budget): boolean {
  for (let index = 1; index < items.size; index += 1)
    if (compare(items.at(index - 1), items.at(index), budget) > 0) return false;
  return true;
}

function extreme(items: ListValue, sign: 1 | -1, name: string, budget: Budget): Value {
  let best: Value | undefined;
  for (const item of items) if (best === undefined || compare(item, best, budget) * sign > 0) best = item;
  if (best === undefined) throw new CelError(`${name} called on empty list`);
  return best;
}

function sum(items: ListValue, zero: Value): Value {
  let total = zero;
  for (const item of items) total = add(total, item);
  return total;
}

function add(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(a + b);
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a instanceof Uint && b instanceof Uint) return checkedUint(a.value + b.value);
  if (a instanceof Duration && b instanceof Duration) return checkedDuration(a.nanos + b.nanos);
  throw new CelError('no such overload');
}

function indexOf(items: ListValue, item: Value, isLast: boolean, budget: Budget): bigint {
  let found = -1;
  for (let index = 0; index < items.size && (isLast || found < 0); index += 1)
    if (isEqual(items.at(index), item, budget)) found = index;
  return BigInt(found);
}

const zeros: readonly (readonly [type: string, zero: Value])[] = [
  ['int', 0n],
  ['uint', new Uint(0n)],
  ['double', 0],
  ['duration', new Duration(0n)],
];

const kubernetes: Declarations = [
  ...ordered.flatMap(
    (type): Declarations => [
      [`list(${type}).isSorted(): bool`, ([a], budget) => isSorted(list(a), budget)],
      [`list(${type}).min(): ${type}`, ([a], budget) => extreme(list(a), -1, 'min', budget)],
      [`list(${type}).max(): ${type}`, ([a], budget) => extreme(list(a), 1, 'max', budget)],
    ],
  ),
  ...zeros.map(([type, zero]): Declarations[number] => [`list(${type}).sum(): ${type}`, ([a]) => sum(list(a), zero)]),
  ['list(A).indexOf(A): int', ([a, b], budget) => indexOf(list(a), argument(b), false, budget)],
  ['list(A).lastIndexOf(A): int', ([a, b], budget) => indexOf(list(a), argument(b), true, budget)],
];

const holds = (items: ListValue, item: Value, budget: Budget): boolean => {
  for (const one of items) if (isEqual(one, item, budget)) return true;
  return false;
};

const containsAll = (a: ListValue, b: ListValue, budget: Budget): boolean =>
  [...b].every((item) => holds(a, item, budget));

const sets: Declarations = [
  ['sets.contains(list(A), list(A)): bool', ([a, b], budget) => containsAll(list(a), list(b), budget)],
  [
    'sets.equivalent(list(A), list(A)): bool',
    ([a, b], budget) => containsAll(list(a), list(b), budget) && containsAll(list(b), list(a), budget),
  ],
  [
    'sets.intersects(list(A), list(A)): bool',
    ([a, b], budget) => [...list(a)].some((item) => holds(list(b), item, budget)),
  ],
];

export const lists: Declarations = [...kubernetes, ...sets];
