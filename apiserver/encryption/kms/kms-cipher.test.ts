import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Clock } from '../../../base/clock.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { KmsPlugin } from '../../../test/support/kms-plugin.ts';
import { sealGcm } from '../ciphers/aes-gcm.ts';
import { DecryptionError, KeyServiceError } from '../ciphers/cipher.ts';
import { testCipherConformance } from '../ciphers/testing/cipher-conformance.ts';
import { KmsCipher } from './kms-cipher.ts';
import { GrpcKmsClient } from './kms-client.ts';
import { messages } from './kms-messages.ts';

const place = '/registry/core/secrets/default/web';
const value = Buffer.from('value');

let folder: string;
let plugin: KmsPlugin;
let clock: FakeClock;
let made: KmsCipher[] = [];

/** As another process would have it. */
function makeCipher(timeoutMs = 10_000, at: Clock = clock): KmsCipher {
  const client = new GrpcKmsClient({ name: 'vault', endpoint: plugin.endpoint, timeoutMs });
  const cipher = new KmsCipher({ name: 'vault', client, clock: at });
  made.push(cipher);
  return cipher;
}

describe('a cipher whose keys a service has', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kms-'));
  });
  beforeEach(async () => {
    clock = new FakeClock();
    plugin = new KmsPlugin(join(folder, 'kms.sock'));
    await plugin.start();
  });
  afterEach(async () => {
    for (const cipher of made) cipher.close();
    made = [];
    await plugin.stop();
  });
  after(async () => await rm(folder, { recursive: true }));

  testCipherConformance({ name: 'kms v2', make: () => makeCipher(), isAuthenticated: false, bindsPlace: true });

  describe('KmsCipher', () => {
    it('asks the service once for a seed, not for each value', async () => {
      const cipher = makeCipher();
      const sealed = await Promise.all(Array.from({ length: 50 }, () => cipher.seal(value, place)));
      for (const one of sealed) assert.deepEqual((await cipher.open(one, place)).plain, value);
      assert.deepEqual(plugin.calls, { Status: 1, Encrypt: 1, Decrypt: 0 });
      const other = makeCipher();
      await Promise.all(sealed.map(async (one) => assert.deepEqual((await other.open(one, place)).plain, value)));
      assert.equal(plugin.calls.Decrypt, 1);
    });

    it('writes with the new key once the service has one, and finds what was written before stale', async () => {
      const cipher = makeCipher();
      const before = await cipher.seal(value, place);
      plugin.rotate('key-2');
      assert.equal(await cipher.check(), undefined);
      assert.deepEqual(await cipher.open(before, place), { plain: value, isStale: true });
      const after = await cipher.seal(value, place);
      assert.equal(messages.envelope.decode(after).keyId, 'key-2');
      assert.deepEqual(await cipher.open(after, place), { plain: value, isStale: false });
      assert.deepEqual((await makeCipher().open(before, place)).plain, value);
    });

    it('notices a new key by itself', async () => {
      const stopping = new AbortController();
      const cipher = makeCipher();
      const following = cipher.follow(stopping.signal);
      while (plugin.calls.Encrypt < 1) await new Promise(setImmediate);
      plugin.rotate('key-2');
      while (plugin.calls.Encrypt < 2) {
        await clock.advance(60_000);
        await new Promise(setImmediate);
      }
      stopping.abort();
      await following;
    });

    it('reads values whose key, not its seed, is in the envelope, as older ones have it', async () => {
      const key = Buffer.alloc(32, 5);
      const client = new GrpcKmsClient({ name: 'vault', endpoint: plugin.endpoint, timeoutMs: 10_000 });
      const { ciphertext, keyId, annotations } = await client.encrypt(key);
      client.close();
      const envelope = { keyId, annotations, encryptedDekSource: ciphertext, encryptedDekSourceType: 0 };
      const sealed = messages.envelope.encode({ ...envelope, encryptedData: sealGcm(key, value, place) });
      assert.deepEqual(await makeCipher().open(sealed, place), { plain: value, isStale: true });
    });

    it('says that the service is out of reach, rests, and goes on when it is back', async () => {
      const sealed = await makeCipher().seal(value, place);
      await plugin.stop();
      const cipher = makeCipher();
      await assert.rejects(async () => await cipher.open(sealed, place), KeyServiceError);
      await assert.rejects(async () => await cipher.seal(value, place), KeyServiceError);
      assert.match((await cipher.check()) ?? '', /^KMS provider vault did not answer Status/);
      await plugin.start();
      while ((await cipher.check()) !== undefined) await new Promise(setImmediate);
      assert.deepEqual((await cipher.open(sealed, place)).plain, value);
    });

    it('waits for a silent service once, not for each value', async () => {
      const sealed = await makeCipher().seal(value, place);
      plugin.isSilent = true;
      const cipher = makeCipher(50);
      for (let n = 0; n < 20; n += 1) {
        await assert.rejects(async () => await cipher.open(sealed, place), KeyServiceError);
      }
      assert.ok(plugin.calls.Decrypt <= 1);
    });

    it('writes nothing more under a key of which the service has not been heard for minutes', async () => {
      const cipher = makeCipher();
      await cipher.seal(value, place);
      await plugin.stop();
      await cipher.seal(value, place);
      await clock.advance(181_000);
      await assert.rejects(async () => await cipher.seal(value, place), KeyServiceError);
    });

    const sick: [name: string, change: () => void, says: RegExp][] = [
      ['is not healthy', () => (plugin.healthz = 'sealed'), /says that it is not healthy/],
      ['speaks another version', () => (plugin.version = 'v1'), /speaks version "v1", not v2/],
    ];
    for (const [name, change, says] of sick) {
      it(`does not write with a service that ${name}`, async () => {
        change();
        const cipher = makeCipher();
        assert.match((await cipher.check()) ?? '', says);
        await assert.rejects(async () => await cipher.seal(value, place), KeyServiceError);
      });
    }

    it('refuses an envelope that the service cannot open as out of reach, and a broken one for good', async () => {
      const cipher = makeCipher();
      const envelope = messages.envelope.decode(await cipher.seal(value, place));
      const other = messages.envelope.encode({ ...envelope, keyId: 'key-9' });
      await assert.rejects(async () => await makeCipher().open(other, place), KeyServiceError);
      const data = Buffer.from(envelope.encryptedData);
      data[40] = (data[40] ?? 0) ^ 1;
      const broken = messages.envelope.encode({ ...envelope, encryptedData: data });
      await assert.rejects(async () => await cipher.open(broken, place), DecryptionError);
    });
  });
});
