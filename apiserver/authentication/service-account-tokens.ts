/**
 * Service account tokens: JWTs that say which account, and which pod, secret or node they are bound to. The key that
 * signs them lies in the store, made by the first API server of the cluster, so that all servers trust all tokens.
 */

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { pods, secrets, serviceAccounts } from '../../api/resources/core.ts';
import { unauthorized } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import { KeyExistsError, type Store } from '../store/store.ts';
import type { Authenticator } from './authenticator.ts';

export const issuer = 'https://kubernetes.default.svc';
const algorithm = 'RS256';
const keyPath = '/registry/longshore.dev/keys/service-accounts';
const claimsName = 'kubernetes.io';

interface Named {
  readonly name: string;
  readonly uid: string;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceaccount: Named;
  readonly pod?: Named;
  readonly secret?: Named;
  readonly node?: Named;
}

export interface TokensParts {
  readonly store: Store;
  readonly objects: ObjectReader;
  readonly clock: Clock;
}

export class ServiceAccountTokens implements Authenticator {
  readonly #objects: ObjectReader;
  readonly #clock: Clock;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #publicJwk: JWK;

  private constructor({ objects, clock }: Omit<TokensParts, 'store'>, privateKey: KeyObject, publicJwk: JWK) {
    this.#objects = objects;
    this.#clock = clock;
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.#publicJwk = publicJwk;
  }

  static async open({ store, objects, clock }: TokensParts): Promise<ServiceAccountTokens> {
    const privateKey = createPrivateKey(await sharedKey(store));
    const jwk = await exportJWK(createPublicKey(privateKey));
    const kid = await calculateJwkThumbprint(jwk);
    return new ServiceAccountTokens({ objects, clock }, privateKey, { ...jwk, kid, alg: algorithm, use: 'sig' });
  }

  /** What others need to check our tokens. */
  get publicKeys(): { readonly keys: readonly JWK[] } {
    return { keys: [this.#publicJwk] };
  }

  async issue(
    claims: TokenClaims,
    audiences: readonly string[],
    validForSeconds: number,
  ): Promise<{ token: string; expiresAt: Date }> {
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expiresAt = issuedAt + validForSeconds;
    const token = await new SignJWT({ [claimsName]: claims })
      .setProtectedHeader({ alg: algorithm, ...(this.#publicJwk.kid !== undefined && { kid: this.#publicJwk.kid }) })
      .setIssuer(issuer)
      .setSubject(userName(claims))
      .setAudience([...audiences])
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#privateKey);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }

  async authenticate(request: ApiRequest): Promise<User | undefined> {
    const [, token] = /^Bearer +(\S+)$/i.exec(request.header('authorization')) ?? [];
    if (token === undefined) return undefined;
    const user = await this.review(token, [issuer]);
    if (user === undefined) throw unauthorized();
    return user;
  }

  /** Who the token stands for; undefined: nobody (wrong, expired, for others, or what it is bound to is gone). */
  async review(token: string, audiences: readonly string[]): Promise<User | undefined> {
    const payload = await this.#verify(token, audiences);
    // Under its own signature the server finds the claims that it issued.
    const claims = payload?.[claimsName] as TokenClaims | undefined;
    if (payload === undefined || claims === undefined || !(await this.#isAlive(claims))) return undefined;
    return toUser(claims, payload);
  }

  async #verify(token: string, audiences: readonly string[]): Promise<JWTPayload | undefined> {
    try {
      const options = {
        issuer,
        audience: [...audiences],
        algorithms: [algorithm],
        clockTolerance: 10,
        currentDate: new Date(this.#clock.now()),
      };
      return (await jwtVerify(token, this.#publicKey, options)).payload;
    } catch {
      return undefined; // a token that does not hold is no error of ours: its bearer is nobody
    }
  }

  async #isAlive({ namespace, serviceaccount, pod, secret }: TokenClaims): Promise<boolean> {
    const account = await this.#objects.find(serviceAccounts, { namespace, name: serviceaccount.name });
    if (account?.metadata.uid !== serviceaccount.uid) return false;
    const boundPod = pod && (await this.#objects.find(pods, { namespace, name: pod.name }));
    if (pod && boundPod?.metadata.uid !== pod.uid) return false;
    const boundSecret = secret && (await this.#objects.find(secrets, { namespace, name: secret.name }));
    return !secret || boundSecret?.metadata.uid === secret.uid;
  }
}

const userName = ({ namespace, serviceaccount }: TokenClaims): string =>
  `system:serviceaccount:${namespace}:${serviceaccount.name}`;

function toUser(claims: TokenClaims, { jti }: JWTPayload): User {
  const { namespace, serviceaccount, pod, node } = claims;
  return {
    name: userName(claims),
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: {
      ...(jti !== undefined && { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] }),
      ...(node && {
        'authentication.kubernetes.io/node-name': [node.name],
        'authentication.kubernetes.io/node-uid': [node.uid],
      }),
      ...(pod && {
        'authentication.kubernetes.io/pod-name': [pod.name],
        'authentication.kubernetes.io/pod-uid': [pod.uid],
      }),
    },
  };
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
