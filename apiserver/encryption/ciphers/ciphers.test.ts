import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { aesCbc } from './aes-cbc.ts';
import { aesGcm } from './aes-gcm.ts';
import { type Cipher, DecryptionError } from './cipher.ts';
import { identity } from './identity.ts';
import { secretBox } from './secret-box.ts';
import { testCipherConformance } from './testing/cipher-conformance.ts';
import { Transformer } from './transformer.ts';

const key = (byte: number, length = 32): Buffer => Buffer.alloc(length, byte);

for (const length of [16, 24, 32]) {
  testCipherConformance({
    name: `aesgcm with ${length * 8} bits`,
    make: () => aesGcm('p:', key(1, length)),
    makeWithOtherKey: () => aesGcm('p:', key(2, length)),
    isAuthenticated: true,
    bindsPlace: true,
  });
  testCipherConformance({
    name: `aescbc with ${length * 8} bits`,
    make: () => aesCbc('p:', key(1, length)),
    makeWithOtherKey: () => aesCbc('p:', key(2, length)),
    isAuthenticated: false,
    bindsPlace: false,
  });
}
testCipherConformance({
  name: 'secretbox',
  make: () => secretBox('p:', key(1)),
  makeWithOtherKey: () => secretBox('p:', key(2)),
  isAuthenticated: true,
  bindsPlace: false,
});

describe('aesgcm', () => {
  it('reads what others wrote by the same rule: a nonce, the ciphertext, the tag, and the place authenticated', () => {
    const nonce = Buffer.from('000102030405060708090a0b', 'hex');
    const cipher = createCipheriv('aes-256-gcm', key(7), nonce);
    cipher.setAAD(Buffer.from('/registry/secrets/ns/name'));
    const sealed = Buffer.concat([nonce, cipher.update('plain'), cipher.final(), cipher.getAuthTag()]);
    assert.equal(aesGcm('', key(7)).open(sealed, '/registry/secrets/ns/name') instanceof Promise, false);
    const opened = aesGcm('', key(7)).open(sealed, '/registry/secrets/ns/name');
    assert.deepEqual(opened, { plain: Buffer.from('plain'), isStale: false });
  });
});

describe('a transformer', () => {
  const one = aesGcm('k8s:enc:aesgcm:v1:key1:', key(1));
  const two = aesGcm('k8s:enc:aesgcm:v1:key2:', key(2));
  const old = aesCbc('k8s:enc:aescbc:v1:key1:', key(3));
  const seal = async (cipher: Cipher, text = 'value') =>
    Buffer.from(await new Transformer([cipher]).seal(Buffer.from(text), '/a'));
  const open = async (ciphers: readonly [Cipher, ...Cipher[]], value: Buffer) =>
    await new Transformer(ciphers).open(value, '/a');

  it('writes with the first, under its prefix', async () => {
    const sealed = await new Transformer([two, one]).seal(Buffer.from('value'), '/a');
    assert.ok(sealed.toString('latin1').startsWith('k8s:enc:aesgcm:v1:key2:'));
    const plain = await new Transformer([identity, one]).seal(Buffer.from('value'), '/a');
    assert.equal(plain.toString(), 'value');
  });

  it('reads with whichever has the prefix, and says what would be written otherwise', async () => {
    assert.deepEqual(await open([one, two, old, identity], await seal(one)), {
      plain: Buffer.from('value'),
      isStale: false,
    });
    for (const cipher of [two, old]) {
      assert.deepEqual(await open([one, two, old, identity], await seal(cipher)), {
        plain: Buffer.from('value'),
        isStale: true,
      });
    }
    assert.deepEqual(await open([one, identity], Buffer.from('{}')), { plain: Buffer.from('{}'), isStale: true });
    assert.deepEqual(await open([identity, one], Buffer.from('{}')), { plain: Buffer.from('{}'), isStale: false });
    assert.equal((await open([identity, one], await seal(one))).isStale, true);
  });

  const refused: [name: string, ciphers: readonly [Cipher, ...Cipher[]], value: () => Promise<Buffer>, why: RegExp][] =
    [
      ['a key that is not there', [one], () => seal(two), /^no matching prefix found$/],
      ['a key that is not there, before identity', [one, identity], () => seal(two), /tried to read encrypted data/],
      ['another key of the name', [aesGcm(one.prefix, key(9)), identity], () => seal(one), /authentication failed/],
      ['what is plain, without identity', [one], async () => Buffer.from('{}'), /^no matching prefix found$/],
      ['a cut value', [one], async () => (await seal(one)).subarray(0, 30), /too short/],
      ['nothing', [one], async () => Buffer.alloc(0), /^no matching prefix found$/],
    ];
  for (const [name, ciphers, value, why] of refused) {
    it(`refuses ${name}`, async () => {
      const sealed = await value();
      await assert.rejects(
        async () => await open(ciphers, sealed),
        (error) => error instanceof DecryptionError && why.test(error.message),
      );
    });
  }
});
