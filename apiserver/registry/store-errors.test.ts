import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { StoreUnavailableError, ValueTooLargeError } from '../store/store.ts';
import { storeErrors } from './store-errors.ts';

describe('errors of the store, as clients see them', () => {
  const cases: [string, Error, number, string, number | undefined][] = [
    ['nothing was sent', new StoreUnavailableError('away', { outcomeUnknown: false }), 503, 'ServiceUnavailable', 1],
    ['no answer to a write', new StoreUnavailableError('lost', { outcomeUnknown: true }), 504, 'Timeout', undefined],
    ['too large', new ValueTooLargeError('2 MB'), 413, 'RequestEntityTooLarge', undefined],
  ];
  for (const [name, error, code, reason, retryAfter] of cases) {
    it(`${name}: ${code}, ${retryAfter === undefined ? 'not to be repeated' : 'to be repeated'}`, async () => {
      await assert.rejects(storeErrors(Promise.reject(error)), (refusal) => {
        assert.ok(refusal instanceof StatusError);
        assert.equal(refusal.code, code);
        assert.equal(refusal.status.reason, reason);
        assert.equal(refusal.status.details?.retryAfterSeconds, retryAfter);
        return true;
      });
    });
  }

  it('lets others pass as they are', async () => {
    const error = new Error('own');
    await assert.rejects(storeErrors(Promise.reject(error)), error);
  });
});
