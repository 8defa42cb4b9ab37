/** AES in Galois/counter mode: the key in the store is authenticated too, so that no value can be put in another's place. */

import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Cipher, DecryptionError, type Opened } from './cipher.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** With a random nonce: a key is good for some billions of writes. */
export function aesGcm(prefix: string, key: Buffer): Cipher {
  return {
    prefix,
    seal: (plain, place) => sealGcm(key, plain, place),
    open: (sealed, place): Opened => ({ plain: openGcm(key, sealed, place), isStale: false }),
  };
}

/** Nonce, ciphertext, tag. */
export function sealGcm(key: Buffer, plain: Buffer, place: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithmOf(key), key, nonce);
  cipher.setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

export function openGcm(key: Buffer, sealed: Buffer, place: string): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new DecryptionError('the value is too short');
  const decipher = createDecipheriv(algorithmOf(key), key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const begin = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
  try {
    return Buffer.concat([begin, decipher.final()]);
  } catch (cause) {
    throw new DecryptionError('cipher: message authentication failed', { cause });
  }
}

function algorithmOf({ length }: Buffer): CipherGCMTypes {
  return length === 16 ? 'aes-128-gcm' : length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}
