import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { orTell } from './refused-writes.ts';

async function toldOf(error: unknown): Promise<string[]> {
  const told: string[] = [];
  const refused = orTell(
    () => Promise.reject(error),
    (why) => told.push(why),
  );
  await assert.rejects(refused, (thrown) => thrown === error);
  return told;
}

describe('writes that are refused', () => {
  it('are told, and thrown on', async () => {
    assert.deepEqual(await toldOf(StatusError.from({ code: 403, reason: 'Forbidden', message: 'exceeded quota: q' })), [
      'exceeded quota: q',
    ]);
    assert.deepEqual(await toldOf(StatusError.from({ code: 422, reason: 'Invalid', message: 'no' })), ['no']);
  });

  for (const reason of ['Conflict', 'AlreadyExists', 'NotFound', 'ServiceUnavailable', 'TooManyRequests'] as const) {
    it(`are not told when it passes by itself: ${reason}`, async () => {
      assert.deepEqual(await toldOf(StatusError.from({ code: 500, reason, message: 'no' })), []);
    });
  }

  it('are nothing where a write succeeds', async () => {
    assert.equal(
      await orTell(
        async () => 1,
        () => assert.fail(),
      ),
      1,
    );
  });
});
