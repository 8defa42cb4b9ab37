/** The tokens of an expression as the parser takes them, and what it says of those that are wrong. */

import { type Token, tokensOf } from './lexer.ts';
import type { Problem } from './source.ts';
import { expected, SyntaxProblem } from './syntax-problem.ts';

export class TokenCursor {
  /** What was wrong so far, although reading could go on. */
  readonly problems: Problem[];
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(source: string) {
    const { tokens, problems } = tokensOf(source);
    this.#tokens = tokens;
    this.problems = [...problems];
  }

  get token(): Token {
    return this.ahead(0);
  }

  /** The one so many places further on; the end stays the end. */
  ahead(count: number): Token {
    return this.#tokens[this.#index + count] ?? { kind: 'end', text: '<EOF>', at: 0 };
  }

  is(...signs: readonly string[]): boolean {
    const { kind, text } = this.token;
    return (kind === 'sign' || kind === 'identifier') && signs.includes(text);
  }

  take(): Token {
    const { token } = this;
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  /** Leaves out tokens that were looked at already. */
  skip(count: number): void {
    this.#index += count;
  }

  /** Takes the sign when it stands there. */
  accept(sign: string): Token | undefined {
    return this.is(sign) ? this.take() : undefined;
  }

  expect(...signs: readonly string[]): Token {
    if (this.is(...signs)) return this.take();
    const wanted = signs.length === 1 ? `'${signs[0]}'` : expected(signs);
    const next = this.ahead(1);
    // One token too many, and it would be right.
    if (next.kind === 'sign' && signs.includes(next.text)) {
      this.report(`extraneous input '${this.token.text}' expecting ${wanted}`);
      this.skip(1);
      return this.take();
    }
    throw this.wrong(`mismatched input '${this.token.text}' expecting ${wanted}`);
  }

  expectEnd(): void {
    const { kind, text } = this.token;
    if (kind === 'end') return;
    const what = this.ahead(1).kind === 'end' ? 'extraneous' : 'mismatched';
    this.report(`${what} input '${text}' expecting <EOF>`);
  }

  expectName(): Token {
    if (this.token.kind === 'identifier') return this.take();
    throw this.wrong(`mismatched input '${this.token.text}' expecting IDENTIFIER`);
  }

  wrong(message: string): SyntaxProblem {
    return new SyntaxProblem(this.token.at, message);
  }

  report(message: string): void {
    this.problems.push(this.wrong(message));
  }
}
