import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CacheBehindError, CacheClosedError } from '../store/resource-cache.ts';
import { KeyExistsError, StoreUnavailableError, ValueTooLargeError } from '../store/store.ts';
import { statusOfStoreError } from './store-errors.ts';

describe('errors of the store, as clients see them', () => {
  const away = new StoreUnavailableError('away', { outcomeUnknown: false });
  const cases: [string, Error, number, string, number | undefined][] = [
    ['nothing was sent', away, 503, 'ServiceUnavailable', 1],
    ['no answer to a write', new StoreUnavailableError('lost', { outcomeUnknown: true }), 504, 'Timeout', undefined],
    ['a cache that is behind', new CacheBehindError(7, 3), 504, 'Timeout', 1],
    ['a kind that is gone', new CacheClosedError('gone'), 404, 'NotFound', undefined],
    ['too large', new ValueTooLargeError('2 MB'), 413, 'RequestEntityTooLarge', undefined],
  ];
  for (const [name, error, code, reason, retryAfter] of cases) {
    it(`${name}: ${code}, ${retryAfter === undefined ? 'not to be repeated' : 'to be repeated'}`, () => {
      const refusal = statusOfStoreError(error, false);
      assert.equal(refusal?.code, code);
      assert.equal(refusal?.status.reason, reason);
      assert.equal(refusal?.status.details?.retryAfterSeconds, retryAfter);
    });
  }

  it('does not call a request undone that has written before', () => {
    const refusal = statusOfStoreError(away, true);
    assert.deepEqual([refusal?.code, refusal?.status.details?.retryAfterSeconds], [504, undefined]);
  });

  it('has nothing to say about others', () => {
    assert.equal(statusOfStoreError(new Error('own'), true), undefined);
    assert.equal(statusOfStoreError(new KeyExistsError('/a'), true), undefined);
  });
});
