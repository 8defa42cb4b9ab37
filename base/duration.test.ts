import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseDurationMs } from './duration.ts';

it('durations of Go are read, and nothing else', () => {
  for (const [text, ms] of [
    ['8760h0m0s', 31_536_000_000],
    ['1m', 60_000],
    ['1.5h', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['-1s', -1_000],
    ['+1.s', 1_000],
    ['0', 0],
    ['2us', 0.002],
    ...['', '1', 'h', '1d', '.5s', '--1s', '1s ', '1h x', '1e3s', '1'.repeat(100_000)].map(
      (bad) => [bad, undefined] as const,
    ),
  ] as const)
    assert.equal(parseDurationMs(text), ms, text);
});
