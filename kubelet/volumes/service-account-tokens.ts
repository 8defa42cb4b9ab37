/** Tokens of service accounts for pods' volumes, asked of the API server and used until they are near their end. */

import { isRecord } from '../../api/json-record.ts';
import { serviceAccounts } from '../../api/resources/core.ts';
import { formatTime, parseTime } from '../../api/time.ts';
import type { TokenRequest } from '../../api/types/authentication/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Writer } from '../../client/client.ts';
import type { PodObject } from '../model/pod.ts';
import type { TokenSource } from './payloads.ts';

interface CachedToken {
  readonly token: string;
  /** Wall times in milliseconds. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** A token is replaced when this share of its life is over, and each day. */
const usableShare = 0.8;
const longestUseMs = 24 * 3600 * 1000;

export interface TokenWish {
  readonly audience?: string;
  readonly expirationSeconds: number;
}

/** As drivers of volumes are handed it. */
export interface IssuedToken {
  readonly token: string;
  readonly expirationTimestamp: string;
}

export interface IssuedTokenSource {
  issue(pod: PodObject, wish: TokenWish): Promise<IssuedToken>;
}

export class ServiceAccountTokens implements TokenSource, IssuedTokenSource {
  readonly #client: Pick<Writer, 'createSubresource'>;
  readonly #clock: Clock;
  readonly #known = new Map<string, CachedToken>();

  constructor(client: Pick<Writer, 'createSubresource'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async token(pod: PodObject, wish: TokenWish): Promise<string> {
    return (await this.#usable(pod, wish)).token;
  }

  async issue(pod: PodObject, wish: TokenWish): Promise<IssuedToken> {
    const { token, expiresAt } = await this.#usable(pod, wish);
    return { token, expirationTimestamp: formatTime(expiresAt) };
  }

  /** One that is due for a new one is good until it expires, when there is none to be had. */
  async #usable(pod: PodObject, wish: TokenWish): Promise<CachedToken> {
    const key = `${pod.metadata.uid}/${wish.audience ?? ''}/${wish.expirationSeconds}`;
    const now = this.#clock.now();
    const known = this.#known.get(key);
    if (known !== undefined && now < known.renewAt) return known;
    try {
      const made = await this.#request(pod, wish);
      this.#dropExpired(now);
      this.#known.set(key, made);
      return made;
    } catch (error) {
      if (known === undefined || now >= known.expiresAt) throw error;
      return known;
    }
  }

  async #request(pod: PodObject, { audience, expirationSeconds }: TokenWish): Promise<CachedToken> {
    const { namespace = 'default', name, uid } = pod.metadata;
    const account = pod.spec?.serviceAccountName || 'default';
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
    const now = this.#clock.now();
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: audience === undefined ? [] : [audience], expirationSeconds, boundObjectRef },
    };
    const answer = await this.#client.createSubresource(
      serviceAccounts,
      { namespace, name: account },
      'token',
      request,
    );
    // How long the token lives is for the API server to say.
    const { token, expirationTimestamp } = isRecord(answer) && isRecord(answer.status) ? answer.status : {};
    if (typeof token !== 'string') throw new Error('the API server answers a token request without a token');
    const end = typeof expirationTimestamp === 'string' ? parseTime(expirationTimestamp) : undefined;
    const expiresAt = end ?? now + expirationSeconds * 1000;
    return { token, expiresAt, renewAt: now + Math.min(longestUseMs, (expiresAt - now) * usableShare) };
  }

  #dropExpired(now: number): void {
    for (const [key, { expiresAt }] of this.#known) if (expiresAt < now) this.#known.delete(key);
  }
}
