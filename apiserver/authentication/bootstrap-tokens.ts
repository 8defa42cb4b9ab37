/**
 * Bootstrap tokens: what lies in a Secret of kube-system lets somebody in who has nothing yet, as
 * `system:bootstrap:<id>`. Why one is refused is said to nobody, not even whether there is one of that name.
 */

import { timingSafeEqual } from 'node:crypto';
import type { BootstrapToken } from '../../api/bootstrap-token.ts';
import { parseBootstrapToken, readBootstrapToken, tokenSecretName } from '../../api/bootstrap-token.ts';
import type { Stored } from '../../api/object.ts';
import { secrets } from '../../api/resources/core.ts';
import type { Secret } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import { audiencesOfServer, type TokenAuthenticator, type TokenBearer } from './authenticator.ts';

export interface BootstrapTokensParts {
  readonly objects: ObjectReader;
  readonly serverAudiences: readonly string[];
  readonly clock: Clock;
}

export class BootstrapTokens implements TokenAuthenticator {
  readonly #parts: BootstrapTokensParts;
  #second = 0;
  #looks = 0;

  constructor(parts: BootstrapTokensParts) {
    this.#parts = parts;
  }

  async authenticateToken(token: string, asked: readonly string[]): Promise<TokenBearer | undefined> {
    const shown = parseBootstrapToken(token);
    const audiences = audiencesOfServer(asked, this.#parts.serverAudiences);
    if (shown === undefined || audiences === undefined) return undefined;
    const key = { namespace: 'kube-system', name: tokenSecretName(shown.id) };
    const secret = await this.#find(key);
    if (secret === undefined || secret.metadata.deletionTimestamp != null) return undefined;
    const kept = readBootstrapToken(secret);
    if (kept === undefined || !isBearerOf(kept, shown, this.#parts.clock.now())) return undefined;
    return {
      user: { name: `system:bootstrap:${kept.id}`, groups: kept.groups },
      audiences,
      expiresAt: kept.expiresAt,
    };
  }

  /** Anybody may make up tokens: what the cache does not know is asked of the store a few times a second only. */
  async #find(key: {
    readonly namespace: string;
    readonly name: string;
  }): Promise<DeepReadonly<Stored<Secret>> | undefined> {
    const { objects, clock } = this.#parts;
    const [known] = await objects.all(secrets, key);
    if (known !== undefined) return known;
    const second = Math.floor(clock.monotonic() / 1000);
    if (second !== this.#second) [this.#second, this.#looks] = [second, 0];
    this.#looks += 1;
    return this.#looks > looksPerSecond ? undefined : await objects.find(secrets, key);
  }
}

const looksPerSecond = 20;

function isBearerOf(
  kept: BootstrapToken,
  shown: { readonly id: string; readonly secret: string },
  now: number,
): boolean {
  const [a, b] = [Buffer.from(kept.secret), Buffer.from(shown.secret)];
  const isSecret = a.length === b.length && timingSafeEqual(a, b);
  return isSecret && kept.id === shown.id && kept.usages.includes('authentication') && !isExpired(kept, now);
}

const isExpired = ({ expiresAt }: BootstrapToken, now: number): boolean => expiresAt !== undefined && expiresAt <= now;
