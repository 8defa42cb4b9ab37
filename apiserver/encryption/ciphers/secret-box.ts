/** NaCl's secret box: XSalsa20 and Poly1305. It does not bind a value to its place in the store. */

import { randomBytes } from 'node:crypto';
import nacl from 'tweetnacl';
import { type Cipher, DecryptionError, type Opened } from './cipher.ts';

export function secretBox(prefix: string, key: Buffer): Cipher {
  const { nonceLength, overheadLength } = nacl.secretbox;
  return {
    prefix,
    seal(plain) {
      const nonce = randomBytes(nonceLength);
      return Buffer.concat([nonce, nacl.secretbox(plain, nonce, key)]);
    },
    open(sealed): Opened {
      if (sealed.length < nonceLength + overheadLength) throw new DecryptionError('the value is too short');
      const plain = nacl.secretbox.open(sealed.subarray(nonceLength), sealed.subarray(0, nonceLength), key);
      if (!plain) throw new DecryptionError('message authentication failed');
      return { plain: Buffer.from(plain), isStale: false };
    },
  };
}
