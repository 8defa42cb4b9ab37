import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseDuration } from './duration.ts';

it('durations of Go are read, and nothing else', () => {
  for (const [text, ms] of [
    ['8760h0m0s', 31_536_000_000],
    ['1m', 60_000],
    ['1.5h', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ...['', '1', 'h', '1d', '-1s', '1s ', '1h x', '1e3s'].map((bad) => [bad, undefined] as const),
  ] as const)
    assert.equal(parseDuration(text), ms, text);
});
