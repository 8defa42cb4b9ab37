/**
 * Runs CEL expressions over values of JSON, compiled once. For what an administrator writes: nothing bounds how long it
 * takes, but that patterns take time in proportion to the text, which anybody may have sent (`machinery/patterns.ts`).
 */

import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { errorText } from '../../base/error-text.ts';
import { matchesPattern, patternProblem } from '../patterns.ts';

/** Throws an Error when the values are not as the expression needs them. Whole numbers come back as numbers. */
export type CelExpression = (variables: Readonly<Record<string, unknown>>) => unknown;

/** Throws an Error with the compiler's words. */
export function compileExpression(expression: string, variables: readonly string[]): CelExpression {
  const environment = new Environment({ enableOptionalTypes: true });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  environment.registerFunction(`string.${linearMatches}(string): bool`, matches);
  try {
    const { valid, error } = environment.check(expression);
    if (!valid) throw error ?? new Error('not an expression');
    const evaluate = environment.parse(withLinearMatches(expression, environment.parse(expression).ast));
    return (values) => toJson(evaluate(values));
  } catch (error) {
    throw new Error(`compilation failed: ${errorText(error)}`);
  }
}

/** The library's own `matches`, which JavaScript's expressions decide, cannot be replaced: another is called in its place. */
const linearMatches = 'matchesInLinearTime';

function matches(text: string, pattern: string): boolean {
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw new Error(problem);
  return matchesPattern(pattern, text);
}

function withLinearMatches(expression: string, ast: ASTNode): string {
  let changed = expression;
  // From the last to the first, so that places stay what they are.
  for (const at of callsOfMatches(ast, expression).sort((a, b) => b - a))
    changed = `${changed.slice(0, at)}${linearMatches}${changed.slice(at + 'matches'.length)}`;
  return changed;
}

/** Where `matches` is called: behind what it is asked of there are only brackets, spaces and a dot. */
function callsOfMatches(node: unknown, expression: string): number[] {
  if (Array.isArray(node)) return node.flatMap((one) => callsOfMatches(one, expression));
  if (!isNode(node)) return [];
  const inner = callsOfMatches(node.args, expression);
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return inner;
  const { end } = node.args[1];
  const [before] = /^[\s)]*\.\s*(?=matches\b)/.exec(expression.slice(end)) ?? [];
  if (before === undefined) throw new Error('nothing but a dot may stand before "matches"');
  return [...inner, end + before.length];
}

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value;

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return Array.isArray(value) ? value.map(toJson) : value;
}
