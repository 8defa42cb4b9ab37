/** Knows service accounts by their tokens, as long as what a token is bound to is there. */

import { compactVerify, decodeProtectedHeader } from 'jose';
import { goQuote } from '../../../api/go-text.ts';
import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { Clock } from '../../../base/clock.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { RefusedCredentialError, type TokenAuthenticator, type TokenBearer } from '../authenticator.ts';
import type { AccountKeys } from './account-keys.ts';
import { boundObjectsOf, whyDead } from './bound-objects.ts';
import { legacyIssuer, readClaims, type TokenClaims, userOfClaims } from './claims.ts';
import type { VerificationKey } from './public-key.ts';

export interface ServiceAccountTokensParts {
  readonly keys: AccountKeys;
  /** Whose tokens are believed; the first is the one that this server issues. */
  readonly issuers: readonly string[];
  readonly serverAudiences: readonly string[];
  readonly objects: ObjectReader;
  readonly clock: Clock;
}

type Payload = Readonly<Record<string, unknown>>;

/** Clocks differ. */
const leewaySeconds = 10;

export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #keys: AccountKeys;
  readonly #issuers: readonly unknown[];
  readonly #serverAudiences: readonly string[];
  readonly #objects: ObjectReader;
  readonly #clock: Clock;

  constructor({ keys, issuers, serverAudiences, objects, clock }: ServiceAccountTokensParts) {
    this.#keys = keys;
    this.#issuers = [...issuers, legacyIssuer];
    this.#serverAudiences = serverAudiences;
    this.#objects = objects;
    this.#clock = clock;
  }

  async authenticateToken(token: string, asked: readonly string[]): Promise<TokenBearer | undefined> {
    // Until the signature is checked this is only what the token says of itself: whether it is for us to judge.
    if (!this.#issuers.includes(unverifiedPayload(token)?.iss)) return undefined;
    const payload = await this.#verify(token);
    const claims = readClaims(payload);
    const own = audiencesOf(payload) ?? this.#serverAudiences;
    const audiences = own.filter((one) => asked.includes(one));
    if (audiences.length === 0) {
      throw new RefusedCredentialError(
        `token audiences ${quoted(own)} is invalid for the target audiences ${quoted(asked)}`,
      );
    }
    if (claims === undefined) throw new RefusedCredentialError('the claims are not those of a service account');
    const expiresAt = this.#checkTimes(payload, claims);
    await this.#checkAlive(claims, token);
    return { user: userOfClaims(claims, payload.jti), audiences, expiresAt };
  }

  async #verify(token: string): Promise<Payload> {
    const keyId = headerOf(token)?.kid;
    const named = (keys: readonly VerificationKey[]) => keys.filter((key) => key.keyId === keyId);
    let keys = this.#keys.believed;
    // A key that nobody here knows: another server may have begun to use it.
    if (keyId !== undefined && named(keys).length === 0) keys = await this.#keys.lookAgain();
    const candidates = named(keys).length > 0 ? named(keys) : keys;
    for (const { key, algorithm } of candidates) {
      const payload = await verifiedPayload(token, key, algorithm);
      if (payload !== undefined) return payload;
    }
    throw new RefusedCredentialError('go-jose/go-jose: error in cryptographic primitive');
  }

  /** Returns from when on it is good no more. Only a token that its Secret holds may be without an end. */
  #checkTimes({ exp, nbf, iat, iss }: Payload, { secret }: TokenClaims): number | undefined {
    const now = this.#clock.now() / 1000;
    const refuse = (why: string) => new RefusedCredentialError(`service account token ${why}`);
    const mayLast = iss === legacyIssuer && secret !== undefined;
    if (typeof exp !== 'number' && !(mayLast && exp === undefined)) throw refuse('has expired');
    if (typeof exp === 'number' && now > exp + leewaySeconds) throw refuse('has expired');
    if (nbf !== undefined && !(typeof nbf === 'number' && now >= nbf - leewaySeconds)) throw refuse('is not valid yet');
    if (iat !== undefined && !(typeof iat === 'number' && now >= iat - leewaySeconds))
      throw refuse('is issued in the future');
    return typeof exp === 'number' ? (exp + leewaySeconds) * 1000 : undefined;
  }

  async #checkAlive(claims: TokenClaims, token: string): Promise<void> {
    const { namespace } = claims;
    for (const bound of boundObjectsOf(claims)) {
      const key = { namespace: bound.isNamespaced ? namespace : undefined, name: bound.named.name };
      const found = await this.#objects.find<KubernetesObject>(bound.resource, key);
      const why = whyDead(bound, found, { now: this.#clock.now(), token });
      if (why !== undefined) throw new RefusedCredentialError(why);
    }
  }
}

/** undefined: the signature is not the key's, or the header asks for another algorithm than the key's own. */
async function verifiedPayload(
  token: string,
  key: VerificationKey['key'],
  algorithm: string,
): Promise<Payload | undefined> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
    return parsePayload(Buffer.from(payload));
  } catch {
    return undefined; // a token that does not hold is no error of ours: its bearer is nobody
  }
}

function unverifiedPayload(token: string): Payload | undefined {
  const parts = token.split('.');
  return parts.length === 3 ? parsePayload(Buffer.from(parts[1] ?? '', 'base64url')) : undefined;
}

function parsePayload(bytes: Buffer): Payload | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // not a token of this kind
  }
}

function headerOf(token: string): { readonly kid?: string } | undefined {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined; // no key will take it for its own
  }
}

/** undefined: the token names none. */
function audiencesOf({ aud }: Payload): readonly string[] | undefined {
  const all = [aud].flat().filter((one): one is string => typeof one === 'string');
  return all.length === 0 ? undefined : all;
}

const quoted = (texts: readonly string[]): string => `[${texts.map((text) => goQuote(text)).join(' ')}]`;
