/**
 * What the token authenticators say of a token, kept for a few seconds: what a token costs, its signature and the look
 * at what it is bound to, is paid once for all requests in that time. So long may a token go on whose account, pod or
 * Secret is gone. Only good answers are kept: a token that is refused now may be good in a moment.
 *
 * Invariants: nothing is kept longer than `keptMs`, nor longer than the token is good; there are never more than
 * `maxKept` answers.
 */

import type { Clock } from '../../base/clock.ts';
import { asAuthenticated } from './authentication.ts';
import { RefusedCredentialError, type TokenAuthenticator, type TokenBearer } from './authenticator.ts';

export const keptMs = 5_000;
const maxKept = 4096;
/** A JWT with a generous number of groups; whatever is longer costs nobody any time. */
const maxTokenCharacters = 128 << 10;

export interface KeptBearer {
  readonly bearer: TokenBearer;
  /** In monotonic milliseconds. */
  readonly until: number;
  /** Whom was asked. */
  readonly asked: readonly TokenAuthenticator[];
}

export interface VerifiedTokensParts {
  /** Asked in order. They may change: a configuration that is read again. */
  authenticators(): readonly TokenAuthenticator[];
  /** What tokens for this server are meant for. */
  readonly serverAudiences: readonly string[];
  readonly clock: Clock;
}

export class VerifiedTokens {
  readonly serverAudiences: readonly string[];
  readonly #authenticators: () => readonly TokenAuthenticator[];
  readonly #clock: Clock;
  readonly #kept = new Map<string, KeptBearer>();

  constructor({ authenticators, serverAudiences, clock }: VerifiedTokensParts) {
    this.#authenticators = authenticators;
    this.serverAudiences = serverAudiences;
    this.#clock = clock;
  }

  /** What is known of a token for this server without a look at anything. */
  kept(token: string): KeptBearer | undefined {
    const kept = this.#kept.get(token);
    return kept !== undefined && this.isGood(kept) ? kept : undefined;
  }

  isGood({ until, asked }: KeptBearer): boolean {
    return this.#clock.monotonic() < until && asked === this.#authenticators();
  }

  /** Throws `RefusedCredentialError`, with the words of those who refuse, or without any. */
  async verify(token: string, audiences: readonly string[] = this.serverAudiences): Promise<TokenBearer> {
    // What others ask about their own tokens is asked rarely.
    const isForServer = audiences === this.serverAudiences;
    const known = isForServer ? this.kept(token) : undefined;
    if (known !== undefined) return known.bearer;
    if (token.length > maxTokenCharacters) throw new RefusedCredentialError('invalid bearer token');
    const asked = this.#authenticators();
    const bearer = await firstBearer(asked, token, audiences);
    const complete = { ...bearer, user: asAuthenticated(bearer.user) };
    if (isForServer) this.#keep(token, complete, asked);
    return complete;
  }

  #keep(token: string, bearer: TokenBearer, asked: KeptBearer['asked']): void {
    const now = this.#clock.monotonic();
    const lifeMs = bearer.expiresAt === undefined ? keptMs : bearer.expiresAt - this.#clock.now();
    if (lifeMs <= 0) return;
    if (this.#kept.size >= maxKept) this.#makeRoom(now);
    this.#kept.set(token, { bearer, until: now + Math.min(keptMs, lifeMs), asked });
  }

  #makeRoom(now: number): void {
    for (const [token, { until }] of this.#kept) if (until <= now) this.#kept.delete(token);
    // The oldest first.
    for (const token of this.#kept.keys()) {
      if (this.#kept.size < maxKept) return;
      this.#kept.delete(token);
    }
  }
}

async function firstBearer(
  authenticators: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<TokenBearer> {
  const refusals: string[] = [];
  for (const authenticator of authenticators) {
    try {
      const bearer = await authenticator.authenticateToken(token, audiences);
      if (bearer !== undefined) return bearer;
    } catch (error) {
      if (!(error instanceof RefusedCredentialError)) throw error;
      refusals.push(error.message);
    }
  }
  const words = [...new Set(['invalid bearer token', ...refusals])];
  throw new RefusedCredentialError(words.length === 1 ? words[0] : `[${words.join(', ')}]`);
}
