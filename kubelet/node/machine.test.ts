import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeMaxPids } from './machine.ts';

describe('computeMaxPids', () => {
  const cases = [
    [undefined, 4_194_304, 4096],
    [undefined, 32_768, 4096],
    [undefined, 7_700, 1925],
    [undefined, 100, 64],
    [undefined, Number.POSITIVE_INFINITY, 4096],
    [100_000, 7_700, 100_000],
    [0, 7_700, 0],
    [-1, 7_700, 0],
  ] as const;
  for (const [wanted, maxPids, limit] of cases)
    it(`is ${limit} for ${wanted} on a machine of ${maxPids}`, () => {
      assert.equal(computeMaxPids(wanted, { maxPids }), limit);
    });

  it('takes no other for a number', () => {
    for (const wanted of [Number.NaN, 1.5])
      assert.throws(() => computeMaxPids(wanted, { maxPids: 100 }), /whole number/);
  });
});
