/** Text of an expression into tokens. What is no token is a problem, and left out. */

import type { Problem } from './source.ts';

export type TokenKind = 'identifier' | 'escaped' | 'int' | 'uint' | 'float' | 'string' | 'bytes' | 'sign' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As it stands there; `<EOF>` at the end. */
  readonly text: string;
  readonly at: number;
}

const space = /(?:[\t \r\n\f]+|\/\/[^\n]*)+/y;
const float = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|\d+)[uU]?/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const escaped = /`[A-Za-z0-9_.\-/ ]+`/y;
const sign = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;
const stringStart = /([bB][rR]?|[rR])?("""|'''|"|')/y;

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly problems: readonly Problem[];
}

export function tokensOf(source: string): Tokens {
  const tokens: Token[] = [];
  const problems: Problem[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const skipped = match(space);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = tokenAt(source, at, match);
    if (token === undefined) {
      const wrong = wrongTextAt(source, at);
      problems.push({ at, message: `Syntax error: token recognition error at: '${wrong}'` });
      at += wrong.length;
    } else {
      tokens.push(token);
      at += token.text.length;
    }
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: source.length });
  return { tokens, problems };
}

function tokenAt(source: string, at: number, match: (pattern: RegExp) => string | undefined): Token | undefined {
  const text = stringAt(source, at);
  if (text !== undefined) return { kind: /^[rR]?[bB]/.test(text) ? 'bytes' : 'string', text, at };
  const number = match(float);
  if (number !== undefined) return { kind: 'float', text: number, at };
  const whole = match(integer);
  if (whole !== undefined) return { kind: /[uU]$/.test(whole) ? 'uint' : 'int', text: whole, at };
  const name = match(identifier);
  if (name !== undefined) return { kind: 'identifier', text: name, at };
  const quoted = match(escaped);
  if (quoted !== undefined) return { kind: 'escaped', text: quoted, at };
  const operator = match(sign);
  return operator === undefined ? undefined : { kind: 'sign', text: operator, at };
}

/** A literal of text or bytes with its quotes; undefined when none begins here, or none ends. */
function stringAt(source: string, at: number): string | undefined {
  stringStart.lastIndex = at;
  const [start, prefix = '', quotes = ''] = stringStart.exec(source) ?? [];
  if (start === undefined) return undefined;
  const isRaw = /[rR]/.test(prefix);
  for (let index = at + start.length; index < source.length; index += 1) {
    const character = source[index];
    if (source.startsWith(quotes, index)) return source.slice(at, index + quotes.length);
    if (quotes.length === 1 && (character === '\n' || character === '\r')) return undefined;
    if (character === '\\' && !isRaw) {
      const length = escapeLengthAt(source, index);
      if (length === undefined) return undefined;
      index += length - 1;
    }
  }
  return undefined;
}

const escapeSequence = /\\(?:[abfnrtv"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})/y;

function escapeLengthAt(source: string, at: number): number | undefined {
  escapeSequence.lastIndex = at;
  return escapeSequence.exec(source)?.[0].length;
}

/** Text that was begun is wrong up to where it went wrong; otherwise one character is. */
function wrongTextAt(source: string, at: number): string {
  const line = source.slice(at).split(/[\r\n]/)[0] ?? '';
  const first = String.fromCodePoint(source.codePointAt(at) ?? 0);
  return first === '"' || first === "'" ? line || first : first;
}
