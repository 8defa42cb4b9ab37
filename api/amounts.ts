/** Amounts of resources by name (`requests.cpu`, `pods`), exact: how limits and quotas calculate. Pure. */

import { compareText } from '../base/compare.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { formatQuantity, type Quantity, readQuantity } from './quantity.ts';

export type Amounts = ReadonlyMap<string, Quantity>;

type Quantities = DeepReadonly<Record<string, string>> | undefined;

const zero: Quantity = { nanos: 0n, format: 'DecimalSI' };
export const one: Quantity = { nanos: 1_000_000_000n, format: 'DecimalSI' };

export const wholeAmount = (count: number): Quantity => ({ nanos: BigInt(count) * one.nanos, format: 'DecimalSI' });

/** All must be quantities, as they are in every object that was decoded. */
export function readAmounts(quantities: Quantities): Map<string, Quantity> {
  return new Map(Object.entries(quantities ?? {}).map(([name, text]) => [name, readQuantity(text)]));
}

/** As they stand in an object. */
export function writeAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

/** The sum is written as the first that is not zero. */
export const addQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos + b.nanos,
  format: a.nanos === 0n ? b.format : a.format,
});

/** Adds to `sum` in place. */
export function addAmounts(sum: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, quantity] of amounts) sum.set(name, addQuantities(sum.get(name) ?? zero, quantity));
}

/** Makes each of `sum` at least what it is in `amounts`, in place. */
export function raiseAmounts(sum: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, quantity] of amounts) {
    const present = sum.get(name);
    if (present === undefined || present.nanos < quantity.nanos) sum.set(name, quantity);
  }
}

/** What `a` has more than `b`; nothing that is less or the same. */
export function excessAmounts(a: Amounts, b: Amounts): Map<string, Quantity> {
  const excess = new Map<string, Quantity>();
  for (const [name, quantity] of a) {
    const nanos = quantity.nanos - (b.get(name)?.nanos ?? 0n);
    if (nanos > 0n) excess.set(name, { ...quantity, nanos });
  }
  return excess;
}

/** `a` less `b`, of the names in `b` that are in `a`; never below zero. */
export function lessAmounts(a: Amounts, b: Amounts): Map<string, Quantity> {
  const less = new Map(a);
  for (const [name, { nanos }] of b) {
    const present = a.get(name);
    if (present !== undefined)
      less.set(name, { ...present, nanos: present.nanos > nanos ? present.nanos - nanos : 0n });
  }
  return less;
}

export function onlyAmounts(amounts: Amounts, belongs: (name: string) => boolean): Map<string, Quantity> {
  return new Map([...amounts].filter(([name]) => belongs(name)));
}

/** The names alone say which amounts there are: two lists of the same ones are equal. */
export function sameAmounts(a: Amounts, b: Amounts): boolean {
  return a.size === b.size && [...a].every(([name, { nanos }]) => b.get(name)?.nanos === nanos);
}

/** `limits.cpu=1,pods=2`: in the order of the names. */
export function showAmounts(amounts: Amounts): string {
  const names = [...amounts].sort(([a], [b]) => compareText(a, b));
  return names.map(([name, quantity]) => `${name}=${formatQuantity(quantity)}`).join(',');
}
