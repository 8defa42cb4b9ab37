import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Turns } from './turns.ts';

describe('work in turns', () => {
  it('lets others go on when a turn is over, and not before', async () => {
    const turns = new Turns();
    let others = 0;
    setImmediate(() => {
      others += 1;
    });
    await turns.pause();
    assert.equal(others, 0);
    const end = performance.now() + 15;
    while (performance.now() < end);
    await turns.pause();
    assert.equal(others, 1);
  });
});
