/** Values as they are, not encrypted: how they were stored before, and how resources are stored that nobody named. */

import { type Cipher, DecryptionError, type Opened } from './cipher.ts';

/** What every encrypted value begins with. */
export const encryptedPrefix = 'k8s:enc:';
const marker = Buffer.from(encryptedPrefix);

export const isEncrypted = (value: Buffer): boolean => value.subarray(0, marker.length).equals(marker);

export const identity: Cipher = {
  prefix: '',
  seal: (plain) => plain,
  open(sealed): Opened {
    if (isEncrypted(sealed)) throw new DecryptionError('identity transformer tried to read encrypted data');
    return { plain: sealed, isStale: false };
  },
};
