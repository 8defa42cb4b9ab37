import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Patience } from './patience.ts';

describe('Patience', () => {
  let now = 0;
  const clock = { monotonic: () => now };
  const look = (patience: Patience, state: string, afterMs: number) => {
    now += afterMs;
    return patience.isOver(state);
  };

  it('is over when the state has stayed the same for the limit', () => {
    const patience = new Patience({ clock, limitMs: 2_000 });
    assert.deepEqual(
      [0, 500, 500, 500, 500].map((afterMs) => look(patience, 'pulling', afterMs)),
      [false, false, false, false, true],
    );
  });

  it('begins anew with every change', () => {
    const patience = new Patience({ clock, limitMs: 1_000 });
    for (let i = 0; i < 10; i += 1) assert.equal(look(patience, `${i} of 10`, 900), false);
  });

  it('counts little of the time in which nobody could look', () => {
    const patience = new Patience({ clock, limitMs: 3_000 });
    assert.deepEqual(
      [0, 60_000, 60_000, 60_000].map((afterMs) => look(patience, 'starting', afterMs)),
      [false, false, false, true],
    );
  });
});
