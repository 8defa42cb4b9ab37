import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from './testing/memory-store.ts';
import { testStoreConformance } from './testing/store-conformance.ts';
import { TransformingStore, type ValueTransformer } from './transforming-store.ts';

/** Flips every bit and adds a byte that depends on the key. */
const flip: ValueTransformer = {
  seal: (key, value) => Buffer.concat([value.map((byte) => byte ^ 0xff), Buffer.from([key.length % 256])]),
  open(key, sealed) {
    if (sealed.at(-1) !== key.length % 256) throw new Error('Sealed for another key');
    return Buffer.from(sealed.subarray(0, -1).map((byte) => byte ^ 0xff));
  },
};

testStoreConformance('TransformingStore', async () => {
  const store = new TransformingStore(new MemoryStore(), flip);
  return {
    store,
    other: store,
    async cutConnections() {},
    async stop() {
      await store.close();
    },
  };
});

test('TransformingStore keeps the transformed value below', async () => {
  const below = new MemoryStore();
  const store = new TransformingStore(below, flip);
  await store.create('/a', Buffer.from('plain'));
  assert.deepEqual((await below.get('/a'))?.value, flip.seal('/a', Buffer.from('plain')));
});
