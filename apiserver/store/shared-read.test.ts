import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import { SharedRead } from './shared-read.ts';

/** Enough for whatever may begin to have begun. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

test('SharedRead gives each caller a read that began after the call, shares it, and has at most three under way', async () => {
  const reads: Deferred<number>[] = [];
  const shared = new SharedRead(() => {
    const read = createDeferred<number>();
    reads.push(read);
    return read.promise;
  });
  const callers: Promise<number>[][] = [];
  for (let read = 0; read < 4; read += 1) {
    callers.push([shared.get(), shared.get()]);
    await someTurns();
  }
  assert.equal(reads.length, 3, 'The fourth waits for one of the three');
  callers[3]?.push(shared.get());
  reads[1]?.resolve(1);
  await someTurns();
  assert.equal(reads.length, 4);
  for (const read of [0, 2, 3]) reads[read]?.resolve(read);
  assert.deepEqual(await Promise.all(callers.flat()), [0, 0, 1, 1, 2, 2, 3, 3, 3]);
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
