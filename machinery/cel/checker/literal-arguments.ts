/** Literals that can be judged before anything runs: patterns, times, durations, and lists of one type. */

import { patternProblem } from '../../patterns.ts';
import type { CallExpression, Expression } from '../syntax/expression.ts';
import type { Problem } from '../syntax/source.ts';
import { readDuration, readTime } from '../values/time.ts';
import type { Checked } from './checked.ts';

export function literalProblems({ calls, mixed }: Checked): readonly Problem[] {
  const problems: Problem[] = [];
  const allowed = new Set<Expression>();
  for (const node of calls.keys()) {
    if (node.kind !== 'call') continue;
    const problem = problemOf(node);
    if (problem !== undefined) problems.push(problem);
    if (node.name === 'format') for (const arg of node.args) collect(arg, allowed);
  }
  for (const [node, message] of mixed) if (!allowed.has(node)) problems.push({ at: node.at, message });
  return problems;
}

/** What is to be formatted may be of any types. */
function collect(node: Expression, into: Set<Expression>): void {
  into.add(node);
  if (node.kind === 'list') for (const item of node.items) collect(item, into);
  if (node.kind !== 'map') return;
  for (const { key, value } of node.entries) {
    collect(key, into);
    collect(value, into);
  }
}

function problemOf({ name, target, args }: CallExpression): Problem | undefined {
  switch (name) {
    case 'matches':
      return wrong(target === undefined ? args[1] : args[0], name, (text) => patternProblem(text) === undefined);
    case 'duration':
      return wrong(args[0], name, (text) => readDuration(text) !== undefined);
    case 'timestamp':
      return wrong(args[0], name, (text) => readTime(text) !== undefined);
    default:
      return undefined;
  }
}

function wrong(node: Expression | undefined, name: string, isRight: (text: string) => boolean): Problem | undefined {
  if (node?.kind !== 'literal' || typeof node.value !== 'string' || isRight(node.value)) return undefined;
  return { at: node.at, message: `invalid ${name} argument` };
}
