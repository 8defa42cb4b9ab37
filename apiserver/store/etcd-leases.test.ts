import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { EtcdLeases } from './etcd-leases.ts';

test('EtcdLeases shares a lease while enough of it is left', async () => {
  const clock = new FakeClock();
  const granted: number[] = [];
  const leases = new EtcdLeases(async (seconds) => `${granted.push(seconds)}`, clock);
  assert.deepEqual(await Promise.all([leases.idFor(3600), leases.idFor(3600), leases.idFor(60)]), ['1', '1', '2']);
  await clock.advance(59_000);
  assert.equal(await leases.idFor(3600), '1');
  await clock.advance(2_000);
  assert.equal(await leases.idFor(3600), '3');
  assert.deepEqual(granted, [3660, 63, 3660]);
});

test('EtcdLeases takes a new lease after a thousand uses, and when told to forget', async () => {
  let granted = 0;
  const leases = new EtcdLeases(async () => {
    granted += 1;
    return String(granted);
  }, new FakeClock());
  const ids = await Promise.all(Array.from({ length: 1_001 }, () => leases.idFor(3600)));
  assert.deepEqual([new Set(ids).size, granted], [2, 2]);
  leases.forget();
  assert.equal(await leases.idFor(3600), '3');
});

test('EtcdLeases does not keep a lease that could not be granted', async () => {
  let isDown = true;
  const leases = new EtcdLeases(async () => {
    if (isDown) throw new Error('down');
    return 'lease';
  }, new FakeClock());
  await assert.rejects(leases.idFor(60), /down/);
  isDown = false;
  assert.equal(await leases.idFor(60), 'lease');
});
