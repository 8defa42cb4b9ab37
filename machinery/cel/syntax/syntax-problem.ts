/** What the parser met, and what could have stood there, in the words of upstream's generated one. */

import type { Problem } from './source.ts';

export class SyntaxProblem extends Error implements Problem {
  override readonly name = 'SyntaxProblem';
  readonly at: number;

  /** `at` below zero: it is no matter of syntax, and stands at `place`. */
  constructor(at: number, message: string, place = 0) {
    super(at < 0 ? message : `Syntax error: ${message}`);
    this.at = at < 0 ? place : at;
  }
}

/** In the order of the grammar's tokens. */
const order = [
  ...['==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', ']', '{', '}', '(', ')', '.', ',', '-', '!', '?', ':'],
  ...['+', '*', '/', '%', 'true', 'false', 'null'],
];
const classes = ['NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER'];

/** What an operand may begin with, and what else may stand in its place. */
export const operandSigns = (more: readonly string[]): readonly string[] => [
  ...['[', '{', '(', '.', '-', '!', 'true', 'false', 'null'],
  ...classes,
  ...more,
];

/** `{'[', '(', IDENTIFIER}` */
export function expected(signs: readonly string[]): string {
  const shown = [...order, ...classes].filter((sign) => signs.includes(sign));
  return `{${shown.map((sign) => (classes.includes(sign) ? sign : `'${sign}'`)).join(', ')}}`;
}
