/** `--sort-by`: objects in the order of what a path finds in each: numbers, quantities, or names with numbers in them. Pure. */

import { compareQuantities } from '../../../api/quantity.ts';
import { compareText } from '../../../base/compare.ts';
import { UserError } from '../../../base/user-error.ts';
import { findByPath } from '../../printers/json-path/json-path.ts';

export function sorted<T>(items: readonly T[], objectOf: (item: T) => unknown, path: string | undefined): readonly T[] {
  if (path === undefined || items.length === 0) return items;
  const keyed = items.map((item) => ({ item, key: findByPath(path, objectOf(item))[0] }));
  if (keyed.every(({ key }) => key === undefined))
    throw new UserError(`error: couldn't find any field with path "${path}" in the list of objects`);
  return keyed.toSorted((one, other) => compareValues(one.key, other.key)).map(({ item }) => item);
}

/** What has no value comes first. */
function compareValues(one: unknown, other: unknown): number {
  if (one === undefined || other === undefined) return Number(one !== undefined) - Number(other !== undefined);
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [left, right] = [String(one), String(other)];
  if (isQuantity(left) && isQuantity(right)) return compareQuantities(left, right);
  return compareNaturally(left, right);
}

const isQuantity = (text: string): boolean =>
  /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.test(text);

/** `web-2` before `web-10`. */
function compareNaturally(one: string, other: string): number {
  const [left, right] = [one, other].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (const [index, part] of (left ?? []).entries()) {
    const counterpart = right?.[index];
    if (counterpart === undefined) return 1;
    const areNumbers = /^\d/.test(part) && /^\d/.test(counterpart);
    const order = areNumbers ? Number(part) - Number(counterpart) : compareText(part, counterpart);
    if (order !== 0) return order;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}
