/** `find` and `findAll`: Go's patterns, in time in proportion to the text. */

import { findMatches, patternProblem } from '../../patterns.ts';
import { CelError } from '../cel-error.ts';
import { ItemList } from '../values/value.ts';
import { type Declarations, int, text } from './function-table.ts';

function find(subject: string, pattern: string, most: number): string[] {
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw new CelError(`Illegal regex: ${problem}`);
  return findMatches(pattern, subject, most);
}

const limitOf = (limit: bigint): number => (limit < 0n ? Number.POSITIVE_INFINITY : Number(limit));

export const regularExpressions: Declarations = [
  ['string.find(string): string', ([a, b]) => find(text(a), text(b), 1)[0] ?? ''],
  ['string.findAll(string): list(string)', ([a, b]) => new ItemList(find(text(a), text(b), Number.POSITIVE_INFINITY))],
  ['string.findAll(string, int): list(string)', ([a, b, c]) => new ItemList(find(text(a), text(b), limitOf(int(c))))],
];
