/**
 * CONTRACT: finds out who sends a request. Authenticators are asked in order; the first that knows the user ends the
 * search, and one that refuses does not (`authentication.ts`): a request may carry several credentials.
 */

import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';

export interface Authenticator {
  /**
   * The user; undefined when the request carries nothing that this authenticator reads. Throws `RefusedCredentialError`
   * when it does, but is not to be believed.
   */
  authenticate(request: ApiRequest): User | undefined | Promise<User | undefined>;
}

/** CONTRACT: knows who bears a token. Asked in order as authenticators are (`bearer-tokens.ts`). */
export interface TokenAuthenticator {
  /**
   * Who bears it, when it is meant for one of `audiences`; undefined when it is not a token of this kind, or when the
   * kind says nothing of those it refuses. Throws `RefusedCredentialError`. Pure towards the outside: its answers are
   * kept for a few seconds.
   */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): TokenBearer | undefined | Promise<TokenBearer | undefined>;
}

export interface TokenBearer {
  readonly user: User;
  /** Those of the audiences asked for that the token is meant for. */
  readonly audiences: readonly string[];
  /** Wall time in milliseconds from which on the token is good no more. Absent: it does not end by itself. */
  readonly expiresAt?: number | undefined;
  /** What the client should be told with each answer. */
  readonly warning?: string | undefined;
}

/**
 * A credential that is not to be believed. Its message says why, to those who may review tokens and to the log; the
 * client itself is told nothing but 401.
 */
export class RefusedCredentialError extends Error {
  override readonly name = 'RefusedCredentialError';
}

/** For kinds of tokens that name no audience: they are meant for this server. */
export function audiencesOfServer(
  audiences: readonly string[],
  serverAudiences: readonly string[],
): readonly string[] | undefined {
  const common = serverAudiences.filter((one) => audiences.includes(one));
  return common.length === 0 ? undefined : common;
}
