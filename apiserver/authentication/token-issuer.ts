/** Issues service account tokens. */

import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../base/clock.ts';
import { claimsName, issuer, type TokenClaims, userName } from './service-account-tokens.ts';
import { type SigningKeys, signingAlgorithm } from './signing-keys.ts';

export class TokenIssuer {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;

  constructor({ keys, clock }: { readonly keys: SigningKeys; readonly clock: Clock }) {
    this.#keys = keys;
    this.#clock = clock;
  }

  async issue(
    claims: TokenClaims,
    audiences: readonly string[],
    validForSeconds: number,
  ): Promise<{ token: string; expiresAt: Date }> {
    const { keyId, privateKey } = this.#keys;
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expiresAt = issuedAt + validForSeconds;
    const token = await new SignJWT({ [claimsName]: claims })
      .setProtectedHeader({ alg: signingAlgorithm, ...(keyId !== undefined && { kid: keyId }) })
      .setIssuer(issuer)
      .setSubject(userName(claims))
      .setAudience([...audiences])
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt: new Date(expiresAt * 1000) };
  }
}
