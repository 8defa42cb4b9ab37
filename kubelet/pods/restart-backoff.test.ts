import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RestartBackoff } from './restart-backoff.ts';

describe('RestartBackoff', () => {
  it('starts at once the first time, then doubles up to five minutes', () => {
    const backoff = new RestartBackoff();
    let now = 0;
    const waits: number[] = [];
    for (let restart = 0; restart < 8; restart += 1) {
      const { waitMs, leftMs } = backoff.waitOf('c', now, now);
      assert.equal(leftMs, waitMs);
      waits.push(waitMs / 1000);
      now += waitMs;
      backoff.restarted('c', now);
    }
    assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('says what is left', () => {
    const backoff = new RestartBackoff();
    backoff.restarted('c', 0);
    assert.deepEqual(backoff.waitOf('c', 1_000, 4_000), { waitMs: 10_000, leftMs: 7_000 });
    assert.deepEqual(backoff.waitOf('c', 1_000, 60_000), { waitMs: 10_000, leftMs: 0 });
  });

  it('forgets what ran well for ten minutes', () => {
    const backoff = new RestartBackoff();
    backoff.restarted('c', 0);
    assert.deepEqual(backoff.waitOf('c', 600_001, 600_001), { waitMs: 0, leftMs: 0 });
  });
});
