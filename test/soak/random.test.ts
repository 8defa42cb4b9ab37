import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from './random.ts';

const firstOf = (seed: number) => {
  const random = new Random(seed);
  return Array.from({ length: 1000 }, () => random.next());
};

describe('Random', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(firstOf(7), firstOf(7));
    assert.notDeepEqual(firstOf(7), firstOf(8));
  });

  it('spreads evenly from 0 up to 1', () => {
    const numbers = firstOf(1);
    assert.ok(numbers.every((number) => number >= 0 && number < 1));
    const counts = Array.from(
      { length: 10 },
      (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length,
    );
    assert.ok(
      counts.every((count) => count > 60 && count < 140),
      counts.join(),
    );
  });

  it('picks every item, and undefined where there is none', () => {
    const random = new Random(3);
    assert.deepEqual(new Set(Array.from({ length: 50 }, () => random.pick(['a', 'b', 'c']))), new Set(['a', 'b', 'c']));
    assert.equal(random.pick([]), undefined);
  });

  it('shuffles without losing any', () => {
    assert.deepEqual(new Random(5).shuffle([1, 2, 3, 4]).sort(), [1, 2, 3, 4]);
  });
});
