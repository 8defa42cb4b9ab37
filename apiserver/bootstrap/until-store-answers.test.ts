import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { hastyClock } from '../../test/support/hasty-clock.ts';
import { StoreUnavailableError } from '../store/store.ts';
import { untilStoreAnswers } from './until-store-answers.ts';

describe('untilStoreAnswers', () => {
  const clock = hastyClock();
  const options = { clock, logger: silentLogger };
  const away = new StoreUnavailableError('etcd: deadline exceeded', { outcomeUnknown: true });

  it('goes on when the store does', async () => {
    let calls = 0;
    const call = async () => {
      calls += 1;
      if (calls < 20) throw away;
      return 'answer';
    };
    assert.equal(await untilStoreAnswers(call, options), 'answer');
  });

  it('gives up in the end, with the words of the store', async () => {
    const before = clock.monotonic();
    await assert.rejects(
      untilStoreAnswers(() => Promise.reject(away), options),
      away,
    );
    assert.ok(clock.monotonic() - before >= 180_000);
  });

  it('passes on what waiting does not mend', async () => {
    const broken = new TypeError('broken');
    await assert.rejects(
      untilStoreAnswers(() => Promise.reject(broken), options),
      broken,
    );
  });
});
