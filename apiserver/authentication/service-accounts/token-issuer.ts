/** Issues service account tokens. */

import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../../base/clock.ts';
import type { AccountKeys } from './account-keys.ts';
import { accountUserName, claimsName, type TokenClaims } from './claims.ts';

export interface TokenIssuerParts {
  readonly keys: AccountKeys;
  /** What tokens say who issued them. */
  readonly issuer: string;
  /** Whom tokens are meant for that name nobody. */
  readonly serverAudiences: readonly string[];
  /** No token lives longer. Absent: as long as is asked for. */
  readonly maxSeconds?: number | undefined;
  readonly clock: Clock;
  /** Told of the life of each token before it is given out, but for those that go with a Secret. */
  remember?(seconds: number): Promise<void>;
}

export class TokenIssuer {
  readonly serverAudiences: readonly string[];
  readonly maxSeconds: number | undefined;
  readonly #keys: AccountKeys;
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #remember: TokenIssuerParts['remember'];

  constructor({ keys, issuer, serverAudiences, maxSeconds, clock, remember }: TokenIssuerParts) {
    this.#remember = remember;
    this.serverAudiences = serverAudiences;
    this.maxSeconds = maxSeconds;
    this.#keys = keys;
    this.#issuer = issuer;
    this.#clock = clock;
  }

  async issue(
    claims: TokenClaims,
    audiences: readonly string[],
    validForSeconds: number,
  ): Promise<{ token: string; expiresAt: Date }> {
    if (claims.secret === undefined) await this.#remember?.(validForSeconds);
    const { keyId, algorithm, privateKey } = this.#keys.signing;
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expiresAt = issuedAt + validForSeconds;
    const token = await new SignJWT({ [claimsName]: claims })
      .setProtectedHeader({ alg: algorithm, kid: keyId })
      .setIssuer(this.#issuer)
      .setSubject(accountUserName(claims.namespace, claims.serviceaccount.name))
      .setAudience([...audiences])
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }
}
