import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QuestionAllowance } from './question-allowance.ts';

describe('QuestionAllowance', () => {
  it('lets each ask so often at once, and once more from time to time', () => {
    const allowance = new QuestionAllowance({ atOnce: 3, everyMs: 10 });
    const asked = [100, 100, 100, 100, 105, 110, 110, 1000, 1000, 1000, 1000];
    assert.deepEqual(
      asked.map((now) => allowance.take('a', now)),
      [0, 0, 0, 10, 5, 0, 10, 0, 0, 0, 10],
    );
    assert.equal(allowance.take('b', 1000), 0);
  });

  it('forgives nothing while others ask', () => {
    const allowance = new QuestionAllowance({ atOnce: 1, everyMs: 10 });
    assert.equal(allowance.take('a', 0), 0);
    assert.equal(allowance.take('b', 5), 0);
    assert.equal(allowance.take('a', 5), 5);
    assert.equal(allowance.take('a', 10), 0);
  });
});
