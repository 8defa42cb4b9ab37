import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RestartBackoff } from './restart-backoff.ts';

const maxMs = 300_000;

/** The first waits in seconds, of a container that ends as soon as it was started. */
function firstWaits(count: number, maxOf: (restart: number) => number): number[] {
  const backoff = new RestartBackoff();
  let now = 0;
  return Array.from({ length: count }, (_, restart) => {
    const { waitMs, leftMs } = backoff.waitOf('c', { endedAt: now, now, maxMs: maxOf(restart) });
    assert.equal(leftMs, waitMs);
    now += waitMs;
    backoff.restarted('c', { now, maxMs: maxOf(restart) });
    return waitMs / 1000;
  });
}

describe('RestartBackoff', () => {
  it('starts at once the first time, then doubles up to five minutes', () => {
    assert.deepEqual(
      firstWaits(8, () => maxMs),
      [0, 10, 20, 40, 80, 160, 300, 300],
    );
  });

  it('doubles up to less where less is said, also below the usual first wait', () => {
    assert.deepEqual(
      firstWaits(5, () => 30_000),
      [0, 10, 20, 30, 30],
    );
    assert.deepEqual(
      firstWaits(4, () => 2_000),
      [0, 2, 2, 2],
    );
  });

  it('heeds what is said now', () => {
    assert.deepEqual(
      firstWaits(7, (restart) => (restart < 4 ? maxMs : 15_000)),
      [0, 10, 20, 40, 15, 15, 15],
    );
    assert.deepEqual(
      firstWaits(5, (restart) => (restart < 3 ? 5_000 : maxMs)),
      [0, 5, 5, 5, 10],
    );
  });

  it('says what is left', () => {
    const backoff = new RestartBackoff();
    backoff.restarted('c', { now: 0, maxMs });
    assert.deepEqual(backoff.waitOf('c', { endedAt: 1_000, now: 4_000, maxMs }), { waitMs: 10_000, leftMs: 7_000 });
    assert.deepEqual(backoff.waitOf('c', { endedAt: 1_000, now: 60_000, maxMs }), { waitMs: 10_000, leftMs: 0 });
  });

  it('forgets what ran well for ten minutes, also where the longest wait is short', () => {
    const backoff = new RestartBackoff();
    backoff.restarted('c', { now: 0, maxMs: 2_000 });
    const question = { now: 600_001, maxMs: 2_000 };
    assert.deepEqual(backoff.waitOf('c', { ...question, endedAt: 600_000 }), { waitMs: 2_000, leftMs: 1_999 });
    assert.deepEqual(backoff.waitOf('c', { ...question, endedAt: 600_001 }), { waitMs: 0, leftMs: 0 });
  });
});
