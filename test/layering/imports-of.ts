/** What a source imports, by its tokens: in whatever quotes, on whatever line, when it is loaded or when it runs. */

import { isBuiltin } from 'node:module';
import { SyntaxKind } from 'typescript/unstable/ast';
import { isComment, type Token, tokensOf } from '../support/tokens.ts';

/** Stands for what is imported by a name that only running it would tell. */
export const computed = '<computed>';

/** Module specifiers in the order of the text; Node's own always with `node:`. Types and `require` count. */
export function importsOf(text: string): string[] {
  const words = wordsOf(text);
  const found: string[] = [];
  for (const [index, { kind }] of words.entries()) {
    const [next, afterNext] = [words[index + 1], words[index + 2]];
    const isCall = next?.kind === SyntaxKind.OpenParenToken && !isMember(words, index);
    const called = (kind === SyntaxKind.ImportKeyword || isRequire(words[index], text)) && isCall;
    if (called) found.push(literalOf(afterNext, text) ?? computed);
    const isStatement = kind === SyntaxKind.FromKeyword || kind === SyntaxKind.ImportKeyword;
    const specifier = isStatement && !isCall ? literalOf(next, text) : undefined;
    if (specifier !== undefined) found.push(specifier);
  }
  return found.map((specifier) => (isBuiltin(`node:${specifier}`) ? `node:${specifier}` : specifier));
}

/** Which of `names` the code uses as variables: not as properties, and not in comments or texts. */
export function namesUsed(text: string, names: readonly string[]): string[] {
  const words = wordsOf(text);
  return words.flatMap((word, index) => {
    const name = text.slice(word.start, word.end);
    const isKey = words[index + 1]?.kind === SyntaxKind.ColonToken;
    return word.kind === SyntaxKind.Identifier && names.includes(name) && !isMember(words, index) && !isKey
      ? [name]
      : [];
  });
}

/** Ways to a module that are no import: a `require` that was made, Node's own modules by name. */
export function loadersIn(text: string): string[] {
  const loaders = ['createRequire', 'getBuiltinModule', 'require'];
  return wordsOf(text)
    .filter(({ kind }) => kind === SyntaxKind.Identifier || kind === SyntaxKind.RequireKeyword)
    .map(({ start, end }) => text.slice(start, end))
    .filter((name) => loaders.includes(name));
}

const wordsOf = (text: string): Token[] => tokensOf(text).filter(({ kind }) => !isComment(kind));

function isMember(words: readonly Token[], index: number): boolean {
  const before = words[index - 1]?.kind;
  return before === SyntaxKind.DotToken || before === SyntaxKind.QuestionDotToken;
}

const isRequire = (word: Token | undefined, text: string): boolean =>
  word !== undefined && text.slice(word.start, word.end) === 'require';

function literalOf(word: Token | undefined, text: string): string | undefined {
  const isLiteral = word?.kind === SyntaxKind.StringLiteral || word?.kind === SyntaxKind.NoSubstitutionTemplateLiteral;
  return word !== undefined && isLiteral ? text.slice(word.start + 1, word.end - 1) : undefined;
}
