/** Knows service accounts by their tokens, as long as what a token is bound to is there. */

import { type JWTPayload, jwtVerify } from 'jose';
import { pods, secrets, serviceAccounts } from '../../api/resources/core.ts';
import { unauthorized } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import type { Authenticator } from './authenticator.ts';
import { claimsName, issuer, type TokenClaims, userName } from './service-account-tokens.ts';
import { type SigningKeys, signingAlgorithm } from './signing-keys.ts';

export interface TokenAuthenticatorParts {
  readonly keys: Pick<SigningKeys, 'publicKey'>;
  readonly objects: ObjectReader;
  readonly clock: Clock;
}

export class TokenAuthenticator implements Authenticator {
  readonly #keys: Pick<SigningKeys, 'publicKey'>;
  readonly #objects: ObjectReader;
  readonly #clock: Clock;

  constructor({ keys, objects, clock }: TokenAuthenticatorParts) {
    this.#keys = keys;
    this.#objects = objects;
    this.#clock = clock;
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
        algorithms: [signingAlgorithm],
        clockTolerance: 10,
        currentDate: new Date(this.#clock.now()),
      };
      return (await jwtVerify(token, this.#keys.publicKey, options)).payload;
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
