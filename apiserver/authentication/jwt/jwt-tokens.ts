/** Knows users by the JWTs of one issuer outside the cluster: OpenID Connect, and whatever signs tokens of that form. */

import { decodeJwt, errors, jwtVerify } from 'jose';
import type { Clock } from '../../../base/clock.ts';
import {
  audiencesOfServer,
  RefusedCredentialError,
  type TokenAuthenticator,
  type TokenBearer,
} from '../authenticator.ts';
import { type ClaimMapping, type Claims, userOf } from './claim-mapping.ts';
import type { IssuerKeys } from './issuer-keys.ts';

export interface JwtIssuer {
  readonly issuer: string;
  /** A token must name one of them. */
  readonly audiences: readonly string[];
  /** Of the signature. Those of shared secrets are none that an issuer could have. */
  readonly algorithms: readonly string[];
  readonly mapping: ClaimMapping;
}

export interface JwtTokensParts extends JwtIssuer {
  readonly keys: Pick<IssuerKeys, 'getKey'>;
  readonly serverAudiences: readonly string[];
  readonly clock: Clock;
}

export const allAlgorithms: readonly string[] = ['RS', 'ES', 'PS'].flatMap((kind) =>
  ['256', '384', '512'].map((bits) => kind + bits),
);

/** Clocks differ. */
const leewaySeconds = 10;

export class JwtTokens implements TokenAuthenticator {
  readonly #parts: JwtTokensParts;

  constructor(parts: JwtTokensParts) {
    this.#parts = parts;
  }

  async authenticateToken(token: string, asked: readonly string[]): Promise<TokenBearer | undefined> {
    const { issuer, serverAudiences, mapping } = this.#parts;
    const audiences = audiencesOfServer(asked, serverAudiences);
    if (audiences === undefined || unverifiedIssuer(token) !== issuer) return undefined;
    const claims = await this.#verify(token);
    const expiresAt = (Number(claims.exp) + leewaySeconds) * 1000;
    return { user: userOf(claims, mapping), audiences, expiresAt };
  }

  async #verify(token: string): Promise<Claims> {
    const { keys, issuer, audiences, algorithms, clock } = this.#parts;
    const getKey = await keys.getKey();
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience: [...audiences],
        algorithms: [...algorithms],
        requiredClaims: ['exp'],
        clockTolerance: leewaySeconds,
        currentDate: new Date(clock.now()),
      });
      return payload;
    } catch (error) {
      // Whatever it is, its bearer is nobody; jose's own words say nothing of keys.
      const why = error instanceof errors.JOSEError ? error.code : 'the keys of the issuer cannot be read';
      throw new RefusedCredentialError(`oidc: verify token: ${why}`);
    }
  }
}

function unverifiedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined; // no JWT
  }
}
