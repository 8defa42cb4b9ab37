/**
 * Keys for service account tokens in the store: made by the first API server of the cluster, so that all servers trust
 * all tokens. The value is PEM: the first key signs, all of them are believed.
 */

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { KeyExistsError, type Store } from '../../store/store.ts';
import { readVerificationKeys, signingKey } from './public-key.ts';
import type { KeySet } from './rotating-keys.ts';

export const storedKeysPath = '/registry/longshore.dev/keys/service-accounts';

/** Reads them, or makes the first one. */
export async function readStoredKeys(store: Store): Promise<KeySet> {
  const pem = await sharedKeys(store);
  return { signing: signingKey(pem), believed: readVerificationKeys(pem) };
}

async function sharedKeys(store: Store): Promise<string> {
  const known = await store.get(storedKeysPath);
  if (known !== undefined) return known.value.toString();
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  try {
    await store.create(storedKeysPath, Buffer.from(privateKey));
    return privateKey;
  } catch (error) {
    if (!(error instanceof KeyExistsError)) throw error;
    return await sharedKeys(store);
  }
}
