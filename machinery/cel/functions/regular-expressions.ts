/** `find` and `findAll`: Go's patterns, in time in proportion to the text. */

import { findMatches, patternProblem, patternWork } from '../../patterns.ts';
import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { ItemList } from '../values/value.ts';
import { type Declarations, int, text } from './function-table.ts';

function find(subject: string, pattern: string, { most, budget }: { most: number; budget: Budget }): string[] {
  budget.work(patternWork(pattern, subject));
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw new CelError(`Illegal regex: ${problem}`);
  return findMatches(pattern, subject, most);
}

const limitOf = (limit: bigint): number => (limit < 0n ? Number.POSITIVE_INFINITY : Number(limit));

export const regularExpressions: Declarations = [
  ['string.find(string): string', ([a, b], budget) => find(text(a), text(b), { most: 1, budget })[0] ?? ''],
  [
    'string.findAll(string): list(string)',
    ([a, b], budget) => new ItemList(find(text(a), text(b), { most: Number.POSITIVE_INFINITY, budget })),
  ],
  [
    'string.findAll(string, int): list(string)',
    ([a, b, c], budget) => new ItemList(find(text(a), text(b), { most: limitOf(int(c)), budget })),
  ],
];
