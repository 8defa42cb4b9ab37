import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { startCompactor } from './compactor.ts';
import { CompactedError } from './store.ts';
import { MemoryStore } from './testing/memory-store.ts';

const intervalMs = 300_000;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function pass(clock: FakeClock, intervals: number): Promise<void> {
  for (let n = 0; n < intervals; n += 1) {
    await settle();
    await clock.advance(intervalMs);
  }
  await settle();
}

/** Notes its compactions. */
class NotingStore extends MemoryStore {
  readonly compactions: number[] = [];

  override async compact(revision: number): Promise<void> {
    this.compactions.push(revision);
    await super.compact(revision);
  }
}

test('what is older than an interval is forgotten, what is younger is not', async () => {
  const store = new NotingStore();
  const clock = new FakeClock();
  const old = await store.create('/a', Buffer.from('old'));
  const compactor = startCompactor({ store, clock, intervalMs });
  await settle();
  const young = await store.update('/a', Buffer.from('young'), old);
  await store.update('/a', Buffer.from('newest'), young);
  await pass(clock, 1);
  assert.equal(store.compactions.length, 1);
  assert.equal((await store.list({ prefix: '/a', revision: young })).entries[0]?.value.toString(), 'young');
  await pass(clock, 1);
  await assert.rejects(store.list({ prefix: '/a', revision: young }), CompactedError);
  await compactor.stop();
});

test('of several compactors one compacts in each interval, also when they are restarted', async () => {
  const store = new NotingStore();
  const clock = new FakeClock();
  const compactors = Array.from({ length: 3 }, () => startCompactor({ store, clock, intervalMs }));
  for (let turn = 1; turn <= 10; turn += 1) {
    await pass(clock, 1);
    await compactors[turn % 3]?.stop();
    compactors[turn % 3] = startCompactor({ store, clock, intervalMs });
    assert.ok(store.compactions.length <= turn);
  }
  assert.ok(store.compactions.length >= 5, `${store.compactions.length}`);
  for (const one of compactors) await one.stop();
});

test('a store that does not answer is tried again', async () => {
  const store = new NotingStore();
  const clock = new FakeClock();
  const { get } = store;
  store.get = async () => {
    throw new Error('down');
  };
  const compactor = startCompactor({ store, clock, intervalMs });
  await pass(clock, 1);
  store.get = get;
  await pass(clock, 3);
  assert.ok(store.compactions.length > 0);
  await compactor.stop();
});
