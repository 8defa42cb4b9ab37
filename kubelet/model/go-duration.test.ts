import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDuration, formatSeconds } from './go-duration.ts';

describe('times as Go writes them', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [10_000, '10s'],
    [59_499, '59s'],
    [60_000, '1m0s'],
    [80_000, '1m20s'],
    [300_000, '5m0s'],
  ] as const)
    it(`${ms} ms in whole seconds are ${text}`, () => assert.equal(formatSeconds(ms), text));

  for (const [ms, text] of [
    [12, '12ms'],
    [999.4, '999ms'],
    [1_000, '1s'],
    [1_234.4, '1.234s'],
    [12_500, '12.5s'],
    [59_999.8, '1m0s'],
    [61_000, '1m1s'],
  ] as const)
    it(`${ms} ms are ${text}`, () => assert.equal(formatDuration(ms), text));
});
