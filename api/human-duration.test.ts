import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ageOf, humanDuration } from './human-duration.ts';

it('durations are shown as kubectl shows them', () => {
  const s = 1000;
  const table: [number, string][] = [
    [-3 * s, '<invalid>'],
    [-1 * s, '0s'],
    [0, '0s'],
    [119 * s, '119s'],
    [120 * s, '2m'],
    [125 * s, '2m5s'],
    [600 * s, '10m'],
    [179 * 60 * s, '179m'],
    [180 * 60 * s, '3h'],
    [181 * 60 * s, '3h1m'],
    [9 * 3600 * s, '9h'],
    [49 * 3600 * s, '2d1h'],
    [9 * 86400 * s, '9d'],
    [730 * 86400 * s, '2y'],
    [731 * 86400 * s, '2y1d'],
    [9 * 365 * 86400 * s, '9y'],
  ];
  for (const [ms, shown] of table) assert.equal(humanDuration(ms), shown);
});

it('an age without a time is unknown', () => {
  assert.equal(ageOf(undefined, 0), '<unknown>');
});
