/**
 * Holds how many casts (`x as T`, not `as const`) there are in what is built, and that a comment near each says why it is
 * right. `any` and `!` are refused by the linter.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { SyntaxKind } from 'typescript/unstable/ast';
import { packageRoot } from '../base/package-root.ts';
import { isComment, operandEnds, type Token, tokensOf } from './support/tokens.ts';

/** As many as there are: it goes down with each that goes, and up for none. */
const limit = 109;

/** A comment counts as near when it ends that many lines above the cast, or later. */
const nearLines = 6;

const rooms = readdirSync(packageRoot, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  .map(({ name }) => name)
  .filter((name) => !['node_modules', 'dist', 'test', 'bench'].includes(name));

const sources = rooms.flatMap((room) =>
  readdirSync(join(packageRoot, room), { recursive: true, encoding: 'utf8' })
    .map((name) => `${room}/${name}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('/testing/')),
);

describe('casts', () => {
  let found: readonly (Cast & { readonly place: string })[] = [];

  before(() => {
    found = sources.flatMap((path) => {
      const text = readFileSync(join(packageRoot, path), 'utf8');
      return castsIn(text).map((cast) => ({ ...cast, place: `${path}:${cast.line}` }));
    });
  });

  it('finds the sources', () => assert.ok(sources.length > 500, `only ${sources.length} files`));

  it(`are ${limit} at most`, () => {
    const all = found.map(({ place }) => place).join('\n');
    assert.ok(found.length <= limit, `${found.length} casts: let a type, a guard or a signature say it\n${all}`);
  });

  it('have their reason beside them', () => {
    const bare = found.filter(({ isExplained }) => !isExplained).map(({ place }) => place);
    assert.deepEqual(bare, []);
  });

  const table: readonly [name: string, text: string, lines: readonly number[]][] = [
    ['a cast', 'const a = b as C;', [1]],
    ['two in one expression', 'const a = b as unknown as C;', [1, 1]],
    ['one over lines', 'const a = {\n} as C;', [2]],
    ['one in a template', 'const a = `x $' + '{(b as C).d} y`;', [1]],
    ['one after a regular expression', 'const a = /[\'"`]/.test(b) ? (c as D) : e;', [1]],
    ['one after a division', 'const a = (b / c) as D;', [1]],
    ['no constant', 'const a = [1] as const;', []],
    ['no name of an import', "import { type A as B, c as d } from 'e';\nimport * as f from 'g';", []],
    ['no name of an export', 'export { a as b };', []],
    ['no key of a mapped type', 'type A = { [K in keyof B as Uppercase<K>]: C };', []],
    ['no property', 'const a = { as: 1 };\nconst b = a.as;', []],
    ['no variable', 'const { as } = a;\nb(as, c);\nconst d = as.e as F;', [3]],
    ['no comment and no text', "// b as C\n/* b as C */ const a = 'b as C';", []],
  ];
  for (const [name, text, lines] of table)
    it(`would notice: ${name}`, () =>
      assert.deepEqual(
        castsIn(text).map(({ line }) => line),
        lines,
      ));

  it('would notice one without a reason', () => {
    const explained = castsIn('// The server has checked it.\nconst a = b as C;');
    const bare = castsIn('const a = b as C;');
    assert.deepEqual(
      [...explained, ...bare].map(({ isExplained }) => isExplained),
      [true, false],
    );
  });
});

interface Cast {
  /** From 1. */
  readonly line: number;
  readonly isExplained: boolean;
}

function castsIn(text: string): Cast[] {
  const tokens = tokensOf(text);
  const lineAt = lineCounter(text);
  const comments = tokens.filter(({ kind }) => isComment(kind)).map(({ end }) => lineAt(end));
  const words = tokens.filter(({ kind }) => !isComment(kind));
  const casts: Cast[] = [];
  let brackets = 0;
  for (let index = 0; index < words.length; index += 1) {
    const kind = words[index]?.kind;
    if (isListOfNames(words, index)) {
      while (index < words.length && words[index]?.kind !== SyntaxKind.SemicolonToken) index += 1;
      continue;
    }
    // Between brackets and behind `in`, `as` renames a key.
    if (kind === SyntaxKind.OpenBracketToken) brackets += 1;
    if (kind === SyntaxKind.CloseBracketToken) brackets -= 1;
    if (kind !== SyntaxKind.AsKeyword || !isCast(words, index) || (brackets > 0 && renamesKey(words, index))) continue;
    const line = lineAt(words[index]?.start ?? 0);
    casts.push({ line, isExplained: comments.some((end) => end <= line && line - end <= nearLines) });
  }
  return casts;
}

/** `import { a as b } from …`, `export { a as b }`, `export * as a from …`: up to the semicolon there are names only. */
function isListOfNames(words: readonly Token[], index: number): boolean {
  const [first, second, third] = [words[index]?.kind, words[index + 1]?.kind, words[index + 2]?.kind];
  if (words[index - 1]?.kind === SyntaxKind.DotToken) return false;
  if (first === SyntaxKind.ImportKeyword) return second !== SyntaxKind.OpenParenToken && second !== SyntaxKind.DotToken;
  const opener = second === SyntaxKind.TypeKeyword ? third : second;
  return (
    first === SyntaxKind.ExportKeyword && (opener === SyntaxKind.OpenBraceToken || opener === SyntaxKind.AsteriskToken)
  );
}

/** Not `as const`, and not a variable or a property of that name: before a cast ends a value, or the type of another cast. */
function isCast(words: readonly Token[], index: number): boolean {
  const [before, after] = [words[index - 1]?.kind, words[index + 1]?.kind];
  if (before === undefined || after === SyntaxKind.ConstKeyword) return false;
  return operandEnds.includes(before) || typeEnds.includes(before);
}

function renamesKey(words: readonly Token[], index: number): boolean {
  for (let at = index; at > 0 && words[at]?.kind !== SyntaxKind.OpenBracketToken; at -= 1)
    if (words[at]?.kind === SyntaxKind.InKeyword) return true;
  return false;
}

/** Where a type ends that is no name. */
const typeEnds: readonly SyntaxKind[] = [
  SyntaxKind.GreaterThanToken,
  SyntaxKind.UnknownKeyword,
  SyntaxKind.NeverKeyword,
  SyntaxKind.ObjectKeyword,
  SyntaxKind.StringKeyword,
  SyntaxKind.NumberKeyword,
  SyntaxKind.BooleanKeyword,
];

function lineCounter(text: string): (position: number) => number {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return (position) => 1 + ends.filter((end) => end < position).length;
}
