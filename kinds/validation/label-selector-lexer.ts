/** Cuts the text of a label selector into tokens. */

export type TokenType = 'identifier' | 'in' | 'notin' | '=' | '==' | '!=' | '!' | '(' | ')' | ',' | '>' | '<' | 'end';

export interface Token {
  readonly type: TokenType;
  /** As it stands in the text; empty at the end. */
  readonly text: string;
}

const symbols: readonly TokenType[] = ['==', '!=', '=', '!', '(', ')', ',', '>', '<'];
const whitespace = ' \t\r\n';
const special = '=!(),><';

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (whitespace.includes(char)) {
      at += 1;
      continue;
    }
    const token = special.includes(char) ? symbolAt(text, at) : wordAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function symbolAt(text: string, at: number): Token {
  const type = symbols.find((symbol) => text.startsWith(symbol, at)) ?? '=';
  return { type, text: type };
}

function wordAt(text: string, start: number): Token {
  let end = start;
  while (end < text.length && !whitespace.includes(text.charAt(end)) && !special.includes(text.charAt(end))) end += 1;
  const word = text.slice(start, end);
  return { type: word === 'in' || word === 'notin' ? word : 'identifier', text: word };
}
