import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareKeys, compareText } from './compare.ts';

describe('texts are sorted as Go sorts them', () => {
  const cases: readonly (readonly [title: string, sorted: readonly string[]])[] = [
    ['by their letters', ['', 'A', 'B', 'a', 'b']],
    ['the shorter one first', ['a', 'ab', 'abc']],
    ['by bytes, not by language', ['Z', 'a', 'z', 'ä']],
    ['astral characters last', ['a', '\u{E000}', '\uFF61', '\u{1F600}']],
    ['astral characters among each other', ['\u{1F600}', '\u{1F601}', '\u{20000}']],
  ];
  for (const [title, sorted] of cases) {
    it(title, () => {
      assert.deepEqual(sorted.toReversed().sort(compareText), sorted);
      const bytes = [...sorted].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(bytes, sorted);
    });
  }

  it('equal where they are the same', () => assert.equal(compareText('\u{1F600}', '\u{1F600}'), 0));

  it('by key, whatever the value', () => {
    const entries: [string, number][] = [
      ['\u{1F600}', 1],
      ['\uFF61', 2],
    ];
    assert.deepEqual(Object.keys(Object.fromEntries(entries.sort(compareKeys))), ['\uFF61', '\u{1F600}']);
  });
});
