import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cutText } from './cut-text.ts';

describe('cutText', () => {
  const cut = (text: string, limit: number) => cutText(Buffer.from(text), limit).toString();

  it('has no more bytes than that, and whole characters', () => {
    assert.equal(cut('abc', 3), 'abc');
    assert.equal(cut('abc', 2), 'ab');
    for (const [limit, shown] of [
      [0, ''],
      [1, ''],
      [2, ''],
      [3, '€'],
      [4, '€'],
      [6, '€€'],
    ] as const)
      assert.equal(cut('€€', limit), shown, String(limit));
    assert.equal(cut('a😀b', 4), 'a');
  });

  it('is cut anywhere when it is no text', () => {
    assert.equal(cutText(Buffer.alloc(10, 0x80), 5).length, 5);
  });
});
