import assert from 'node:assert/strict';
import { it } from 'node:test';
import { scaleIntOrPercent } from './int-or-percent.ts';

it('a share is rounded as it is asked for; what is no share is nothing', () => {
  const cases: [number | string, number, 'up' | 'down', number][] = [
    [3, 10, 'up', 3],
    ['25%', 10, 'up', 3],
    ['25%', 10, 'down', 2],
    ['0%', 10, 'up', 0],
    ['100%', 7, 'down', 7],
    ['29%', 100, 'up', 29],
    ['many', 10, 'up', 0],
  ];
  for (const [value, total, rounding, wanted] of cases) {
    assert.equal(scaleIntOrPercent(value, total, rounding), wanted, `${value} of ${total}, ${rounding}`);
  }
});
