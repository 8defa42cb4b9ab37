import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import { SharedRead } from './shared-read.ts';

/** Enough for whatever may begin to have begun. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

test('SharedRead gives each caller a read that began after the call, and shares it', async () => {
  const reads: Deferred<number>[] = [];
  const shared = new SharedRead(() => {
    const read = createDeferred<number>();
    reads.push(read);
    return read.promise;
  });
  const first = [shared.get(), shared.get()];
  await someTurns();
  assert.equal(reads.length, 1);
  const second = [shared.get(), shared.get()];
  await someTurns();
  assert.equal(reads.length, 1, 'The next read waits for the one under way');
  reads[0]?.resolve(1);
  assert.deepEqual(await Promise.all(first), [1, 1]);
  await someTurns();
  assert.equal(reads.length, 2);
  const third = shared.get();
  reads[1]?.resolve(2);
  assert.deepEqual(await Promise.all(second), [2, 2]);
  await someTurns();
  reads[2]?.resolve(3);
  assert.equal(await third, 3);
});

test('SharedRead goes on after a failure', async () => {
  let calls = 0;
  const shared = new SharedRead(async () => {
    calls += 1;
    if (calls === 1) throw new Error('down');
    return calls;
  });
  const failing = shared.get();
  await assert.rejects(failing, /down/);
  assert.equal(await shared.get(), 2);
});
