/** The functions of lists that make lists: cel-go's own, in the version that Kubernetes has. */

import { type Budget, CostLimitError } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { listMakingCost, selfComparingCost } from '../cost/call-costs.ts';
import { isEqual, orderOf } from '../values/equality.ts';
import { ItemList, ListValue, typeNameOf, type Value } from '../values/value.ts';
import { type Declarations, int, list, ordered } from './function-table.ts';

/** Calls are charged when they are done: what could not be paid is not begun. */
function affordable(cost: number, budget: Budget): void {
  if (cost > budget.remaining) throw new CostLimitError();
}

/** An item takes as much room as the work of so many steps. */
const workOfItem = 8;

function slice(items: ListValue, start: bigint, end: bigint): Value {
  const refuse = (why: string) => new CelError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) throw refuse('negative indexes not supported');
  if (start > end) throw refuse('start index must be less than or equal to end index');
  if (BigInt(items.size) < end) throw refuse(`list is length ${items.size}`);
  const taken: Value[] = [];
  for (let index = Number(start); index < Number(end); index += 1) taken.push(items.at(index));
  return new ItemList(taken);
}

function flatten(items: ListValue, depth: bigint, budget: Budget): Value {
  if (depth < 0n) throw new CelError('level must be non-negative');
  const flat: Value[] = [];
  const add = (from: ListValue, left: bigint): void => {
    for (const item of from) {
      budget.work(workOfItem);
      if (item instanceof ListValue && left > 0n) add(item, left - 1n);
      else flat.push(item);
    }
  };
  add(items, depth);
  return new ItemList(flat);
}

/** The items in the order of their keys, of which there are as many. */
function sortByKeys(items: ListValue, keys: ListValue, budget: Budget): Value {
  if (items.size !== keys.size)
    throw new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${items.size} and ${keys.size} elements respectively`,
    );
  if (items.size === 0) return items;
  affordable(selfComparingCost(keys), budget);
  const type = typeNameOf(keys.at(0));
  const pairs = [...items].map((item, index) => ({ item, key: keys.at(index) }));
  if (pairs.some(({ key }) => typeNameOf(key) !== type)) throw new CelError('list elements must have the same type');
  pairs.sort((a, b) => {
    const order = orderOf(a.key, b.key, budget);
    if (order === undefined) throw new CelError('list elements must be comparable');
    return order;
  });
  return new ItemList(pairs.map(({ item }) => item));
}

function rangeTo(end: bigint, budget: Budget): Value {
  if (end < 0n) throw new CelError(`lists.range: size must be non-negative, got ${end}`);
  affordable(listMakingCost(Number(end)), budget);
  return new ItemList(Array.from({ length: Number(end) }, (_, index) => BigInt(index)));
}

function distinct(items: ListValue, budget: Budget): Value {
  affordable(selfComparingCost(items), budget);
  const found: Value[] = [];
  for (const item of items) if (!found.some((one) => isEqual(item, one, budget))) found.push(item);
  return new ItemList(found);
}

export const listExtensions: Declarations = [
  ['list(A).slice(int, int): list(A)', ([a, b, c]) => slice(list(a), int(b), int(c))],
  ['list(list(A)).flatten(): list(A)', ([a], budget) => flatten(list(a), 1n, budget)],
  ['list(dyn).flatten(int): list(dyn)', ([a, b], budget) => flatten(list(a), int(b), budget)],
  ...ordered.flatMap(
    (type): Declarations => [
      [`list(${type}).sort(): list(${type})`, ([a], budget) => sortByKeys(list(a), list(a), budget)],
      [
        `list(A).@sortByAssociatedKeys(list(${type})): list(A)`,
        ([a, b], budget) => sortByKeys(list(a), list(b), budget),
      ],
    ],
  ),
  ['lists.range(int): list(int)', ([a], budget) => rangeTo(int(a), budget)],
  ['list(A).reverse(): list(A)', ([a]) => new ItemList([...list(a)].reverse())],
  ['list(A).distinct(): list(A)', ([a], budget) => distinct(list(a), budget)],
];
