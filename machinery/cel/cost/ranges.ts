/** Ranges of sizes and costs, which end where Go's 64 bits end. */

import type { CostRange } from '../environment.ts';

/** What no Go program counts beyond; JavaScript's numbers are coarse there, and nobody minds. */
export const mostCost = 2 ** 64;

const capped = (value: number): number => Math.min(value, mostCost);
/** Nothing times infinitely much is nothing. */
const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : capped(a * b));

export const range = (min: number, max = min): CostRange => ({ min, max });
export const unknownSize = range(0, mostCost);
export const noCost = range(0);

export const add = (a: CostRange, b: CostRange): CostRange => range(capped(a.min + b.min), capped(a.max + b.max));
export const multiply = (a: CostRange, b: CostRange): CostRange => range(product(a.min, b.min), product(a.max, b.max));
export const union = (a: CostRange, b: CostRange): CostRange => range(Math.min(a.min, b.min), Math.max(a.max, b.max));
/** Rounded up. */
export const scale = (a: CostRange, factor: number): CostRange =>
  range(capped(Math.ceil(a.min * factor)), capped(Math.ceil(a.max * factor)));
