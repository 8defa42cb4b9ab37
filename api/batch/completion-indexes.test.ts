import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countIndexes } from './completion-indexes.ts';

it('completion indexes are counted, or refused with a reason', () => {
  assert.equal(countIndexes('', 5), 0);
  assert.equal(countIndexes('0', 5), 1);
  assert.equal(countIndexes('0,2-3', 5), 3);
  assert.equal(countIndexes('0-4', 5), 5);
  assert.equal(countIndexes('5', 5), 'too large index: "5"');
  assert.equal(countIndexes('0-', 5), 'cannot convert string to integer for index: ""');
  assert.equal(countIndexes('1-1', 5), 'non-increasing order, previous: 1, current: 1');
  assert.match(String(countIndexes('1-2-3', 5)), /at most two parts/);
});
