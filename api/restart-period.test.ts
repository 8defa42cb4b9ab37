import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRestartPeriodMs, restartPeriodAnnotation, restartPeriodOf } from './restart-period.ts';

describe('the longest wait between starts', () => {
  for (const [text, ms] of [
    ['1s', 1_000],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['5m', 300_000],
    ['300s', 300_000],
    ['999ms', undefined],
    ['5m1s', undefined],
    ['-10s', undefined],
    ['0', undefined],
    ['30', undefined],
    ['', undefined],
    ['soon', undefined],
  ] as const)
    it(`"${text}" is ${ms}`, () => assert.equal(parseRestartPeriodMs(text), ms));

  for (const [said, ofNodeMs, ms] of [
    [undefined, 300_000, 300_000],
    ['20s', 300_000, 20_000],
    ['20s', 5_000, 5_000],
    ['never', 60_000, 60_000],
  ] as const)
    it(`is ${ms} where the pod says ${said} and the node ${ofNodeMs}`, () =>
      assert.equal(restartPeriodOf(said === undefined ? {} : { [restartPeriodAnnotation]: said }, ofNodeMs), ms));
});
