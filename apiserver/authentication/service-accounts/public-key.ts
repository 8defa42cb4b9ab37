/** Keys for service account tokens: which algorithm goes with a key, by which name tokens call it, reading them from PEM. */

import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { exportJWK, type JWK } from 'jose';

/** The only algorithm that a token may name whose signature is checked with the key. */
export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512';

export interface VerificationKey {
  /** By which a token names it: as upstream makes it, of the key itself. */
  readonly keyId: string;
  readonly algorithm: SigningAlgorithm;
  readonly key: KeyObject;
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

const curves: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Throws for a kind of key that signs no tokens. */
export function verificationKey(key: KeyObject): VerificationKey {
  const der = key.export({ type: 'spki', format: 'der' });
  return { keyId: createHash('sha256').update(der).digest('base64url'), algorithm: algorithmOf(key), key };
}

/** `pem`: a private key. Throws. */
export function signingKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  return { ...verificationKey(createPublicKey(privateKey)), privateKey };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm {
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < 2048) throw new Error(`an RSA key of ${bits} bits is too short to sign tokens: at least 2048`);
    return 'RS256';
  }
  const algorithm = asymmetricKeyType === 'ec' ? curves[asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
  if (algorithm === undefined)
    throw new Error('a key for tokens must be of RSA, or of the curves P-256, P-384 or P-521');
  return algorithm;
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** All keys of a file; of private ones, the public part. Throws when there is none, or one that signs no tokens. */
export function readVerificationKeys(pem: string): VerificationKey[] {
  const blocks = [...pem.matchAll(pemBlock)].filter(([, label = '']) => /KEY|CERTIFICATE/.test(label));
  if (blocks.length === 0) throw new Error('data does not contain any valid RSA or ECDSA public keys');
  return blocks.map(([block]) => verificationKey(createPublicKey(block)));
}

export async function toJwk({ key, keyId, algorithm }: VerificationKey): Promise<JWK> {
  const jwk = await exportJWK(key);
  return { use: 'sig', kty: jwk.kty ?? '', kid: keyId, alg: algorithm, ...jwk };
}
