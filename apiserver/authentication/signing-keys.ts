/**
 * The key that signs service account tokens. It lies in the store, made by the first API server of the cluster, so that
 * all servers trust all tokens.
 */

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { KeyExistsError, type Store } from '../store/store.ts';

export const signingAlgorithm = 'RS256';
const keyPath = '/registry/longshore.dev/keys/service-accounts';

export class SigningKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly #publicJwk: JWK;

  private constructor(privateKey: KeyObject, publicKey: KeyObject, publicJwk: JWK) {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
    this.#publicJwk = publicJwk;
  }

  /** Reads the cluster's key, or makes it. */
  static async open(store: Store): Promise<SigningKeys> {
    const privateKey = createPrivateKey(await sharedKey(store));
    const publicKey = createPublicKey(privateKey);
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    return new SigningKeys(privateKey, publicKey, { ...jwk, kid, alg: signingAlgorithm, use: 'sig' });
  }

  /** By which those who check a token find its key. */
  get keyId(): string | undefined {
    return this.#publicJwk.kid;
  }

  /** What others need to check our tokens. */
  get publicKeys(): { readonly keys: readonly JWK[] } {
    return { keys: [this.#publicJwk] };
  }
}

/** PEM. Made once for the cluster. */
async function sharedKey(store: Store): Promise<string> {
  const known = await store.get(keyPath);
  if (known !== undefined) return known.value.toString();
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  try {
    await store.create(keyPath, Buffer.from(privateKey));
    return privateKey;
  } catch (error) {
    if (!(error instanceof KeyExistsError)) throw error;
    return await sharedKey(store);
  }
}
