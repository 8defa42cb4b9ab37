import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countIndexes, readIndexes } from './completion-indexes.ts';

it('completion indexes are read and counted, or refused with a reason', () => {
  const count = (text: string): number => countIndexes(readIndexes(text, 5) as never);
  assert.equal(count(''), 0);
  assert.equal(count('0'), 1);
  assert.equal(count('0,2-3'), 3);
  assert.equal(count('0-4'), 5);
  assert.deepEqual(readIndexes('0,2-3', 5), [
    [0, 0],
    [2, 3],
  ]);
  assert.equal(readIndexes('5', 5), 'too large index: "5"');
  assert.equal(readIndexes('0-', 5), 'cannot convert string to integer for index: ""');
  assert.equal(readIndexes('1-1', 5), 'non-increasing order, previous: 1, current: 1');
  assert.match(String(readIndexes('1-2-3', 5)), /at most two parts/);
});
