/** Runs CEL expressions over values of JSON, compiled once. For what an administrator writes: nothing bounds how long it takes. */

import { Environment } from '@marcbachmann/cel-js';
import { errorText } from '../../base/error-text.ts';

/** Throws an Error when the values are not as the expression needs them. Whole numbers come back as numbers. */
export type CelExpression = (variables: Readonly<Record<string, unknown>>) => unknown;

/** Throws an Error with the compiler's words. */
export function compileExpression(expression: string, variables: readonly string[]): CelExpression {
  const environment = new Environment({ enableOptionalTypes: true });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  try {
    const { valid, error } = environment.check(expression);
    if (!valid) throw error ?? new Error('not an expression');
    const evaluate = environment.parse(expression);
    return (values) => toJson(evaluate(values));
  } catch (error) {
    throw new Error(`compilation failed: ${errorText(error)}`);
  }
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return Array.isArray(value) ? value.map(toJson) : value;
}
