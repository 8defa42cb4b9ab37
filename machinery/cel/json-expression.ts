/** Expressions of configurations: plain JSON in, plain JSON out, each run with a budget of its own. */

import { Budget, perCallLimit } from './budget.ts';
import { compile } from './compile.ts';
import type { Environment, Variables } from './environment.ts';
import { toJson } from './values/json.ts';

/** Throws `CelError` when the values are not as the expression needs them, or it costs too much. */
export type JsonExpression = (variables: Variables) => unknown;

/** Throws an Error in the compiler's words. */
export function compileJsonExpression(expression: string, environment: Environment): JsonExpression {
  const { program, message } = compile(expression, environment);
  if (program === undefined) throw new Error(`compilation failed: ${message}`);
  return (variables) => toJson(program.evaluate(variables, new Budget(perCallLimit)));
}
