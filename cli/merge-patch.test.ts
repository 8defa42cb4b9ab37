import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergePatchOf, withMergePatch } from './merge-patch.ts';

describe('mergePatchOf', () => {
  const cases: readonly (readonly [before: unknown, after: unknown, patch: unknown])[] = [
    [{ a: 1 }, { a: 1 }, {}],
    [{ a: 1 }, { a: 2 }, { a: 2 }],
    [{ a: 1, b: 1 }, { b: 1 }, { a: null }],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: { c: null } }],
    [{ a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
    [{}, { a: { b: 1 } }, { a: { b: 1 } }],
    [{ a: 'x' }, { a: { b: 1 } }, { a: { b: 1 } }],
  ];
  for (const [before, after, patch] of cases)
    it(`${JSON.stringify(before)} → ${JSON.stringify(after)}`, () =>
      assert.deepEqual(mergePatchOf(before, after), patch));
  for (const [before, after, patch] of cases)
    it(`${JSON.stringify(after)} ← ${JSON.stringify(before)}`, () =>
      assert.deepEqual(withMergePatch(before, patch), after));
});
