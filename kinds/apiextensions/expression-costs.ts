/** What CEL rules may cost at most, as it is estimated before they ever run: each by itself, and all of a schema. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

export const maxExpressionCost = 10_000_000;
const maxSchemaCost = 100_000_000;
/** Of those that make a schema too expensive, as many are named. */
const maxNamed = 4;

export class TotalCost {
  #total = 0;
  #expensive: { readonly path: FieldPath; readonly cost: number }[] = [];

  add(path: FieldPath, cost: number): void {
    this.#total += cost;
    if (cost < maxSchemaCost / 100) return;
    this.#expensive.push({ path, cost });
    this.#expensive.sort((a, b) => b.cost - a.cost);
    this.#expensive.length = Math.min(this.#expensive.length, maxNamed);
  }

  /** Where all of them together cost too much. */
  report(schema: FieldPath, errors: FieldErrors): void {
    if (this.#total <= maxSchemaCost) return;
    for (const { path } of this.#expensive)
      errors.forbidden(
        path,
        'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
      );
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    errors.forbidden(schema, costProblem(what, this.#total, maxSchemaCost));
  }
}

export function costProblem(what: string, cost: number, limit: number): string {
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${factorText(cost / limit)} (${advice})`;
}

/** By how much, as far as that says anything. */
function factorText(factor: number): string {
  if (factor > 100) return 'more than 100x';
  return `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
}
