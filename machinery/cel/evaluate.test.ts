import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileExpression } from './evaluate.ts';

describe('patterns in expressions that are evaluated', () => {
  const table: readonly (readonly [expression: string, text: string, wanted: boolean])[] = [
    ['x.matches("^a+$")', 'aaa', true],
    ['x.matches("^a+$")', 'aab', false],
    // Go's syntax, which JavaScript's is not.
    ['x.matches("(?i)^A$") && x . matches(x)', 'a', true],
    ['(x + "b").matches("ab") || false', 'a', true],
    ['"x.matches(y)" == x', 'x.matches(y)', true],
    ['[x].exists(matches, matches.matches("a"))', 'a', true],
    ['x.matches(".matches(") || true', 'a', true],
  ];
  for (const [expression, text, wanted] of table)
    it(`${expression} of ${JSON.stringify(text)}`, () =>
      assert.equal(compileExpression(expression, ['x'])({ x: text }), wanted));

  it('take time in proportion to the text', () => {
    const expression = compileExpression('x.matches("^(a+)+$")', ['x']);
    assert.equal(expression({ x: `${'a'.repeat(5_000)}b` }), false);
  });

  it('fail where they are none', () =>
    assert.throws(() => compileExpression('x.matches("(")', ['x'])({ x: 'a' }), /error parsing regexp|missing/));
});
