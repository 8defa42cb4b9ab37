import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceUnavailable } from '../api/status-error.ts';
import { hastyClock } from '../test/support/hasty-clock.ts';
import { waitUntil } from './wait-until.ts';

describe('waitUntil', () => {
  const clock = hastyClock();
  const { signal } = new AbortController();
  const wait = (whyNot: () => Promise<string | undefined>, noted: string[] = []) =>
    waitUntil({ not: 'The node is not Ready', whyNot, note: (why) => noted.push(why), clock, signal, everyMs: 900 });

  it('waits as long as something moves, and says what it waits for', async () => {
    const noted: string[] = [];
    let left = 1_000;
    await wait(async () => (left-- > 0 ? `${left} to go` : undefined), noted);
    assert.equal(noted.length, 1_000);
  });

  it('takes a server that does not answer for one that is busy', async () => {
    let calls = 0;
    await wait(async () => {
      calls += 1;
      if (calls < 5) throw serviceUnavailable('no connection within 5000 ms');
      return undefined;
    });
    assert.equal(calls, 5);
  });

  it('gives up when nothing moves for three minutes', async () => {
    const before = clock.monotonic();
    await assert.rejects(
      wait(async () => 'the pod network is not there'),
      /^UserError: The node is not Ready, and nothing moves any more: the pod network is not there\.$/,
    );
    assert.ok(clock.monotonic() - before >= 180_000);
  });

  it('passes a refusal on', async () => {
    await assert.rejects(
      wait(async () => {
        throw new TypeError('broken');
      }),
      TypeError,
    );
  });
});
