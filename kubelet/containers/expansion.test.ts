import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expand } from './expansion.ts';

describe('expand', () => {
  const values: Record<string, string> = { A: 'one', B: '2 3' };
  for (const [text, wanted] of [
    ['$(A)', 'one'],
    ['$(B)-$(A)', '2 3-one'],
    ['$$(A)', '$(A)'],
    ['$(NONE)', '$(NONE)'],
    ['$A', '$A'],
    ['$\u007bA}', '$\u007bA}'],
    ['$(A', '$(A'],
    ['$()', '$()'],
    ['$$$(A)', '$one'],
    ['$$$$(A)', '$$(A)'],
    ['x$(A)y', 'xoney'],
    ['$(a)', '$(a)'],
    ['$( A)', '$( A)'],
    ['$$', '$'],
    ['$', '$'],
  ] as const)
    it(`makes ${wanted} of ${text}`, () => {
      assert.equal(
        expand(text, (name) => values[name]),
        wanted,
      );
    });
});
