import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waysToInterrupt } from './interruption.ts';
import { drawPlans } from './rounds.ts';

describe('the plans of interruptions', () => {
  const writes = { a: 3, b: 3 };
  const all = 6 * waysToInterrupt.length;

  it('have every boundary once, in every way, before any comes again', () => {
    const plans = drawPlans(writes, { seed: 7, count: all / 2, each: 1, worlds: 2 }).flat();
    assert.equal(new Set(plans.map(({ writer, at, how }) => `${writer} ${at} ${how}`)).size, all);
  });

  it('are the same for the same seed', () => {
    const options = { seed: 7, count: 4, each: 3, worlds: 2 };
    assert.deepEqual(drawPlans(writes, options), drawPlans(writes, options));
    assert.notDeepEqual(drawPlans(writes, options), drawPlans(writes, { ...options, seed: 8 }));
  });
});
