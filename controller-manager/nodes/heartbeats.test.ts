import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Heartbeats } from './heartbeats.ts';

describe('heartbeats', () => {
  it('count silence on the listener’s own clock', () => {
    const heartbeats = new Heartbeats();
    heartbeats.note('n', 'a', 1000);
    heartbeats.note('n', 'a', 5000);
    assert.equal(heartbeats.silentForMs('n', 0, 6000), 5000);
    heartbeats.note('n', 'b', 6000);
    assert.equal(heartbeats.silentForMs('n', 0, 6000), 0);
  });

  it('do not count what the listener could not hear', () => {
    const heartbeats = new Heartbeats();
    heartbeats.note('n', 'a', 1000);
    assert.equal(heartbeats.silentForMs('n', 90_000, 100_000), 10_000);
    assert.equal(heartbeats.silentForMs('never heard', 0, 100_000), 0);
  });

  it('forget a node: the next time it is seen it is heard', () => {
    const heartbeats = new Heartbeats();
    heartbeats.note('n', 'a', 1000);
    heartbeats.forget('n');
    assert.equal(heartbeats.silentForMs('n', 0, 9000), 0);
    heartbeats.note('n', 'a', 9000);
    assert.equal(heartbeats.silentForMs('n', 0, 10_000), 1000);
  });
});
