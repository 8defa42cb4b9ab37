import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { IndexSet } from './index-set.ts';

describe('sets of completion indexes', () => {
  const texts: readonly (readonly [indexes: number[], text: string])[] = [
    [[], ''],
    [[3], '3'],
    [[1, 0], '0,1'],
    [[0, 1, 2], '0-2'],
    [[5, 1, 2, 3, 7, 8], '1-3,5,7,8'],
  ];
  for (const [indexes, text] of texts) {
    it(`are written as '${text}'`, () => assert.equal(IndexSet.from(indexes).toString(), text));
    it(`are read from '${text}'`, () => assert.equal(IndexSet.parse(text, 100).size, indexes.length));
  }

  it('read what is below the limit, and nothing that is no index', () => {
    assert.equal(IndexSet.parse('0-2,5-9,x,4-3,-1,12', 7).toString(), '0-2,5,6');
    assert.equal(IndexSet.parse(undefined, 7).toString(), '');
  });

  it('answer as sets do', () => {
    const indexes = fc.uniqueArray(fc.nat(40));
    fc.assert(
      fc.property(indexes, indexes, fc.nat(45), fc.nat(10), (a, b, limit, count) => {
        const [left, right] = [IndexSet.from(a), IndexSet.from(b)];
        const both = new Set([...a, ...b]);
        assert.equal(left.union(right).size, both.size);
        assert.equal(left.countCommon(right), a.filter((index) => b.includes(index)).length);
        for (let index = 0; index < 42; index += 1) assert.equal(left.has(index), a.includes(index));
        const missing = Array.from({ length: limit }, (_, index) => index).filter((index) => !a.includes(index));
        assert.deepEqual(left.firstMissing(count, limit), missing.slice(0, count));
        assert.equal(IndexSet.parse(left.toString(), 100).toString(), left.toString());
      }),
      { numRuns: 300 },
    );
  });
});
