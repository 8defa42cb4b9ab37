import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coversAll, formatRange, mergeRanges, rangesOfBlock } from './address-ranges.ts';

const shown = (cidr: string, except: string[] = []) => rangesOfBlock(cidr, except)?.map(formatRange);

describe('rangesOfBlock', () => {
  for (const [cidr, except, expected] of [
    ['10.0.0.0/30', [], ['10.0.0.0-10.0.0.3']],
    ['10.0.0.1/32', [], ['10.0.0.1']],
    ['10.0.0.0/29', ['10.0.0.2/31', '10.0.0.6/32'], ['10.0.0.0-10.0.0.1', '10.0.0.4-10.0.0.5', '10.0.0.7']],
    ['10.0.0.0/29', ['10.0.0.0/30'], ['10.0.0.4-10.0.0.7']],
    ['10.0.0.0/29', ['10.0.0.4/30', '10.0.0.5/32'], ['10.0.0.0-10.0.0.3']],
    ['0.0.0.0/0', ['255.255.255.255/32', '0.0.0.0/32'], ['0.0.0.1-255.255.255.254']],
    ['2001:db8::/32', ['2001:db8:1::/48'], []],
    ['10.0.0.0/33', [], undefined],
    ['10.0.0.0/8', ['x'], undefined],
  ] as const) {
    it(`${cidr} without ${except.join(', ') || 'exceptions'}`, () =>
      assert.deepEqual(shown(cidr, [...except]), expected));
  }
});

describe('mergeRanges', () => {
  it('joins those that meet or touch', () => {
    const merged = mergeRanges([
      { from: 10, to: 20 },
      { from: 0, to: 4 },
      { from: 5, to: 6 },
      { from: 12, to: 13 },
    ]);
    assert.deepEqual(merged, [
      { from: 0, to: 6 },
      { from: 10, to: 20 },
    ]);
  });

  it('tells what covers all', () => {
    const halves = ['0.0.0.0/1', '128.0.0.0/1'].flatMap((cidr) => rangesOfBlock(cidr) ?? []);
    assert.equal(coversAll(mergeRanges(halves)), true);
    assert.equal(coversAll(halves), false);
    assert.equal(coversAll([]), false);
  });
});
