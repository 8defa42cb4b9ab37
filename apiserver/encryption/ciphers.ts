/** Ciphers from what the configuration names. */

import { aesCbc } from './ciphers/aes-cbc.ts';
import { aesGcm } from './ciphers/aes-gcm.ts';
import type { Cipher } from './ciphers/cipher.ts';
import { identity } from './ciphers/identity.ts';
import { secretBox } from './ciphers/secret-box.ts';
import type { LocalProvider, Provider } from './encryption-configuration.ts';
import type { KmsCipher } from './kms/kms-cipher.ts';

const makers: Readonly<Record<LocalProvider, (prefix: string, key: Buffer) => Cipher>> = {
  aesgcm: aesGcm,
  aescbc: aesCbc,
  secretbox: secretBox,
};

/** In the order in which they are tried. `kms` are those of the configuration, by name. */
export function ciphersOf(provider: Provider, kms: ReadonlyMap<string, KmsCipher>): readonly Cipher[] {
  switch (provider.type) {
    case 'identity':
      return [identity];
    case 'kms': {
      const cipher = kms.get(provider.name);
      return cipher === undefined ? [] : [cipher];
    }
    default:
      return provider.keys.map(({ name, secret }) =>
        makers[provider.type](`k8s:enc:${provider.type}:v1:${name}:`, secret),
      );
  }
}
