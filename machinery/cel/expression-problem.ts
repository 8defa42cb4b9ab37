/** What is wrong with an expression that a user wrote, as an API server says it. */

import { compile } from './compile.ts';
import type { Environment } from './environment.ts';
import { type CelType, showOutputType } from './types/cel-type.ts';

/** Undefined when it compiles, and evaluates to one of `types` (any, where there are none). */
export function expressionProblem(
  expression: string,
  environment: Environment,
  types: readonly string[] = [],
): string | undefined {
  const { program, message } = compile(expression, environment);
  return program === undefined ? `compilation failed: ${message}` : outputProblem(program.outputType, types);
}

/** Nothing is known of what is dyn, and that is not enough. */
function outputProblem(type: CelType, types: readonly string[]): string | undefined {
  const shown = showOutputType(type);
  if (types.length === 0 || types.includes(shown)) return undefined;
  return `must evaluate to ${types.length === 1 ? types[0] : `one of [${types.join(' ')}]`} but got ${shown}`;
}
