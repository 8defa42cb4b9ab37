import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { SliceTracker } from './slice-tracker.ts';

const key = 'default/s';
const slice = (name: string, generation: number, uid = name) =>
  storedObject(endpointSlices, { metadata: { name, uid, generation }, addressType: 'IPv4', endpoints: [] });

describe('slices that were written', () => {
  let clock: FakeClock;
  let tracker: SliceTracker;
  const stale = (...cached: ReturnType<typeof slice>[]) => tracker.staleForMs(key, cached) > 0;

  beforeEach(() => {
    clock = new FakeClock();
    tracker = new SliceTracker(clock);
  });

  it('are waited for until the cache shows them', () => {
    tracker.wrote(key, slice('a', 1));
    assert.equal(stale(), true);
    assert.equal(stale(slice('a', 1)), false);
  });

  it('in that generation or a newer one', () => {
    tracker.wrote(key, slice('a', 3));
    assert.equal(stale(slice('a', 2)), true);
    assert.equal(stale(slice('a', 4)), false);
  });

  it('and deleted ones until it shows them no more', () => {
    tracker.deleted(key, slice('a', 1));
    assert.equal(stale(slice('a', 1)), true);
    assert.equal(stale(), false);
  });

  it('or shows another one of the name', () => {
    tracker.deleted(key, slice('a', 1, 'old'));
    assert.equal(stale(slice('a', 1, 'new')), false);
  });

  it('or heard that somebody else deleted them', () => {
    tracker.wrote(key, slice('a', 1));
    tracker.observedDeletion(key, 'a');
    assert.equal(stale(), false);
  });

  it('all of them', () => {
    tracker.wrote(key, slice('a', 1));
    tracker.wrote(key, slice('b', 1));
    assert.equal(stale(slice('a', 1)), true);
    assert.equal(stale(slice('a', 1), slice('b', 1)), false);
  });

  it('but for half a minute at most', async () => {
    tracker.wrote(key, slice('a', 1));
    await clock.advance(20_000);
    assert.equal(tracker.staleForMs(key, []), 10_000);
    await clock.advance(10_000);
    assert.equal(stale(), false);
  });

  it('each Service for itself, and not once it is gone', () => {
    tracker.wrote(key, slice('a', 1));
    assert.equal(tracker.staleForMs('default/other', []), 0);
    tracker.forget(key);
    assert.equal(stale(), false);
  });
});
