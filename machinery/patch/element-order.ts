/** The order of a list after a strategic merge: the patch's items in the patch's order, the others where they were. */

import { goValue } from '../../api/go-text.ts';
import { isRecord, own } from '../../api/json-record.ts';

/** What makes two items of a list the same one: the merge key's value, or the whole scalar. */
export function identityOf(item: unknown, mergeKey: string | undefined): string {
  const value = mergeKey === undefined ? item : isRecord(item) ? own(item, mergeKey) : undefined;
  return typeof value === 'string' ? `"${value}` : `${typeof value} ${goValue(value)}`;
}

/**
 * `merged` in order. Items that `order` names follow it; the others keep their relative order of `before`, and each
 * comes before the first named item that it preceded there.
 */
export function orderList(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const wanted = placesOf(order, mergeKey);
  const former = placesOf(before, mergeKey);
  const ranked = merged.map((item) => {
    const identity = identityOf(item, mergeKey);
    return { item, wanted: wanted.get(identity) ?? -1, former: former.get(identity) ?? -1 };
  });
  const named = ranked.filter((one) => one.wanted >= 0).sort((a, b) => a.wanted - b.wanted);
  const others = ranked.filter((one) => one.wanted < 0).sort((a, b) => a.former - b.former);
  return interleave(others, named).map(({ item }) => item);
}

/** Where each item stands first. */
function placesOf(list: readonly unknown[], mergeKey: string | undefined): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const identity = identityOf(item, mergeKey);
    if (!places.has(identity)) places.set(identity, index);
  }
  return places;
}

interface Ranked {
  readonly former: number;
}

function interleave<T extends Ranked>(others: readonly T[], named: readonly T[]): T[] {
  const result: T[] = [];
  const waiting = [...named].reverse();
  for (const other of others) {
    for (let next = waiting.at(-1); next !== undefined && !precedes(other, next); next = waiting.at(-1)) {
      result.push(next);
      waiting.pop();
    }
    result.push(other);
  }
  return [...result, ...waiting.reverse()];
}

const precedes = (other: Ranked, named: Ranked): boolean =>
  other.former >= 0 && named.former >= 0 && other.former < named.former;
