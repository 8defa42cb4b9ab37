/** AES in cipher block chaining with padding, for clusters that have it. It authenticates nothing: prefer `aesgcm`. */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Cipher, DecryptionError, type Opened } from './cipher.ts';

const blockBytes = 16;

export function aesCbc(prefix: string, key: Buffer): Cipher {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    prefix,
    seal(plain) {
      const vector = randomBytes(blockBytes);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    open(sealed): Opened {
      if (sealed.length < 2 * blockBytes || sealed.length % blockBytes !== 0) {
        throw new DecryptionError('the value is not a whole number of blocks');
      }
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, blockBytes));
      try {
        const plain = Buffer.concat([decipher.update(sealed.subarray(blockBytes)), decipher.final()]);
        return { plain, isStale: false };
      } catch (cause) {
        throw new DecryptionError('invalid padding', { cause });
      }
    },
  };
}
