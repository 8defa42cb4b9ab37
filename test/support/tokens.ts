/** The tokens of TypeScript's own scanner: what a comment or a text says is neither an import nor a cast. */

import { SyntaxKind } from 'typescript/unstable/ast';
import { createScanner, type Scanner } from 'typescript/unstable/ast/scanner';

export interface Token {
  readonly kind: SyntaxKind;
  readonly start: number;
  readonly end: number;
}

export const isComment = (kind: SyntaxKind): boolean =>
  kind === SyntaxKind.SingleLineCommentTrivia || kind === SyntaxKind.MultiLineCommentTrivia;

/** Behind these a slash divides; behind all else it begins a regular expression. */
export const operandEnds: readonly SyntaxKind[] = [
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.ThisKeyword,
  SyntaxKind.NullKeyword,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
];

/** All tokens and comments. The parser would tell the scanner where templates go on and regular expressions begin. */
export function tokensOf(text: string): Token[] {
  const scanner = createScanner(false, undefined, text);
  const tokens: Token[] = [];
  /** For each `${` that is open: how many braces are open inside. */
  const templates: number[] = [];
  let last: SyntaxKind | undefined;
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    kind = rescanned(scanner, kind, last, templates);
    if (isSpace(kind)) continue;
    tokens.push({ kind, start: scanner.getTokenStart(), end: scanner.getTokenEnd() });
    if (!isComment(kind)) last = kind;
  }
  return tokens;
}

const isSpace = (kind: SyntaxKind): boolean =>
  kind === SyntaxKind.WhitespaceTrivia || kind === SyntaxKind.NewLineTrivia;

function rescanned(
  scanner: Scanner,
  kind: SyntaxKind,
  before: SyntaxKind | undefined,
  templates: number[],
): SyntaxKind {
  const inner = templates.length - 1;
  switch (kind) {
    case SyntaxKind.SlashToken:
    case SyntaxKind.SlashEqualsToken:
      return before !== undefined && operandEnds.includes(before) ? kind : scanner.reScanSlashToken();
    case SyntaxKind.TemplateHead:
      templates.push(0);
      return kind;
    case SyntaxKind.OpenBraceToken:
      if (inner >= 0) templates[inner] = (templates[inner] ?? 0) + 1;
      return kind;
    case SyntaxKind.CloseBraceToken: {
      if (inner < 0) return kind;
      if (templates[inner] !== 0) {
        templates[inner] = (templates[inner] ?? 0) - 1;
        return kind;
      }
      const part = scanner.reScanTemplateToken(false);
      if (part === SyntaxKind.TemplateTail) templates.pop();
      return part;
    }
    default:
      return kind;
  }
}
