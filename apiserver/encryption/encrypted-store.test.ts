import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RevisionConflictError, StoreUnavailableError } from '../store/store.ts';
import { MemoryStore } from '../store/testing/memory-store.ts';
import { testStoreConformance } from '../store/testing/store-conformance.ts';
import { UnreadableEntry, UnreadableEntryError } from '../store/unreadable-entry.ts';
import { aesGcm } from './ciphers/aes-gcm.ts';
import { type Cipher, KeyServiceError } from './ciphers/cipher.ts';
import { identity } from './ciphers/identity.ts';
import { Transformer } from './ciphers/transformer.ts';
import { EncryptedStore } from './encrypted-store.ts';

const one = aesGcm('k8s:enc:aesgcm:v1:key1:', Buffer.alloc(32, 1));
const two = aesGcm('k8s:enc:aesgcm:v1:key2:', Buffer.alloc(32, 2));

const over = (store: MemoryStore, ...ciphers: [Cipher, ...Cipher[]]) => {
  const transformer = new Transformer(ciphers);
  return new EncryptedStore(store, {
    transformerOf: (key) => (key.startsWith('/plain/') ? undefined : transformer),
    note() {},
  });
};

testStoreConformance('EncryptedStore', async () => {
  const inner = new MemoryStore();
  const store = over(inner, one);
  return {
    store,
    other: over(inner, one),
    async cutConnections() {},
    async stop() {
      await store.close();
    },
  };
});

describe('EncryptedStore', () => {
  it('stores nothing in plain, but for what is not concerned', async () => {
    const inner = new MemoryStore();
    const store = over(inner, one, identity);
    await store.create('/a', Buffer.from('canary'));
    await store.create('/plain/a', Buffer.from('canary'));
    assert.ok(!(await inner.get('/a'))?.value.includes('canary'));
    assert.equal((await inner.get('/plain/a'))?.value.toString(), 'canary');
  });

  it('reads what was there before, and says that it is stale', async () => {
    const inner = new MemoryStore();
    await inner.create('/a', Buffer.from('old'));
    const store = over(inner, one, identity);
    const entry = await store.get('/a');
    assert.deepEqual([entry?.value.toString(), entry?.isStale], ['old', true]);
    await store.update('/a', Buffer.from('old'), entry?.revision ?? 0);
    assert.equal((await store.get('/a'))?.isStale, undefined);
    assert.equal((await over(inner, two, one).get('/a'))?.isStale, true);
  });

  it('hands on what cannot be read, everywhere, and fails only who looks at it', async () => {
    const inner = new MemoryStore();
    const revision = await over(inner, two).create('/a/bad', Buffer.from('value'));
    const store = over(inner, one);
    await store.create('/a/good', Buffer.from('value'));
    const isUnreadable = (entry: unknown): void => {
      assert.ok(entry instanceof UnreadableEntry);
      assert.deepEqual([entry.key, entry.revision], ['/a/bad', revision]);
      assert.throws(
        () => entry.value,
        (error) => error instanceof UnreadableEntryError && !error.isTransient,
      );
    };
    isUnreadable(await store.get('/a/bad'));
    const { entries } = await store.list({ prefix: '/a/' });
    isUnreadable(entries[0]);
    assert.equal(entries[1]?.value.toString(), 'value');
    const stopping = new AbortController();
    for await (const { changes } of store.watch({ prefix: '/a/', after: 1, signal: stopping.signal })) {
      assert.equal(changes.length, 2);
      const [first] = changes;
      isUnreadable(first?.type === 'put' ? first.entry : undefined);
      stopping.abort();
    }
    await assert.rejects(store.update('/a/bad', Buffer.from('x'), 1), (error) => {
      assert.ok(error instanceof RevisionConflictError);
      isUnreadable(error.current);
      return true;
    });
    assert.ok((await store.delete('/a/bad', revision)) > revision);
  });

  it('moves no value to another place', async () => {
    const inner = new MemoryStore();
    const store = over(inner, one);
    await store.create('/a', Buffer.from('value'));
    await inner.create('/b', (await inner.get('/a'))?.value ?? Buffer.alloc(0));
    assert.ok((await store.get('/b')) instanceof UnreadableEntry);
  });

  it('writes nothing while the key is out of reach, and says so', async () => {
    const inner = new MemoryStore();
    const away: Cipher = {
      prefix: 'k8s:enc:kms:v2:vault:',
      seal: () => Promise.reject(new KeyServiceError('away')),
      open: () => Promise.reject(new KeyServiceError('away')),
    };
    const store = over(inner, away);
    const isRefused = (error: unknown) => error instanceof StoreUnavailableError && !error.outcomeUnknown;
    await assert.rejects(store.create('/a', Buffer.from('value')), isRefused);
    assert.equal(await inner.get('/a'), undefined);
    await inner.create('/b', Buffer.from('k8s:enc:kms:v2:vault:…'));
    await assert.rejects(store.get('/b'), isRefused);
    const [entry] = (await store.list({ prefix: '/b' })).entries;
    assert.ok(entry instanceof UnreadableEntry && entry.error.isTransient);
  });
});
