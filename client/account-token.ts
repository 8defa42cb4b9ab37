/**
 * The token of a service account, asked for by TokenRequest in the name of somebody who may, and kept while it is good.
 *
 * Invariants:
 * - It is asked for when it is needed first, and again from four fifths of its life on; while no new one is to be had, the
 *   one that is still good goes on.
 * - However many need it at once, one request is under way.
 * - Its life is counted by our own clock from before it was asked for: it does not matter what time the server has.
 */

import { isRecord } from '../api/json-record.ts';
import type { Resource } from '../api/resource.ts';
import { serviceAccounts } from '../api/resources/core.ts';
import { isAlreadyExists, isNotFound } from '../api/status-error.ts';
import type { TokenRequest } from '../api/types/authentication/v1.ts';
import type { ServiceAccount } from '../api/types/core/v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Client } from './client.ts';

/** Where a client gets the token that goes with each request. */
export interface TokenSource {
  current(): Promise<string>;
  /** The server does not believe it: the next one is asked for anew. */
  refused(token: string): void;
}

/** Who may create accounts, and tokens of them. */
export interface AccountOwner extends Pick<Client, 'createSubresource'> {
  create(kind: Resource<ServiceAccount>, object: ServiceAccount): Promise<unknown>;
}

export interface AccountTokenOptions {
  readonly client: AccountOwner;
  readonly clock: Clock;
  readonly account: { readonly namespace: string; readonly name: string };
}

interface Token {
  readonly value: string;
  readonly renewAt: number;
  readonly endsAt: number;
}

const lifeSeconds = 3_600;
const renewedAfter = 0.8;
/** After a renewal that failed, while the token is still good. */
const retryMs = 10_000;

export class AccountToken implements TokenSource {
  readonly #options: AccountTokenOptions;
  #token: Token | undefined;
  #asking: Promise<string> | undefined;
  #retryAt = 0;

  constructor(options: AccountTokenOptions) {
    this.#options = options;
  }

  async current(): Promise<string> {
    const now = this.#options.clock.monotonic();
    const token = this.#token;
    if (token === undefined || now >= token.endsAt) return await this.#ask();
    if (now >= token.renewAt && now >= this.#retryAt) {
      this.#retryAt = now + retryMs;
      // Nobody waits for it: while it fails, this one is good.
      this.#ask().catch(() => undefined);
    }
    return token.value;
  }

  refused(token: string): void {
    if (this.#token?.value === token) this.#token = undefined;
  }

  #ask(): Promise<string> {
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #renew(): Promise<string> {
    const askedAt = this.#options.clock.monotonic();
    const { token: value, seconds } = tokenOf(await this.#requestFromAccount());
    const lifeMs = seconds * 1_000;
    this.#token = { value, renewAt: askedAt + renewedAfter * lifeMs, endsAt: askedAt + lifeMs };
    return value;
  }

  /** Makes the account when there is none. */
  async #requestFromAccount(): Promise<unknown> {
    const { client, account } = this.#options;
    try {
      return await this.#request();
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    try {
      await client.create(serviceAccounts, { metadata: account });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return await this.#request();
  }

  #request(): Promise<unknown> {
    const { client, account } = this.#options;
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: lifeSeconds },
    };
    return client.createSubresource(serviceAccounts, account, 'token', request);
  }
}

/** The server may give another life than was asked for. */
function tokenOf(answer: unknown): { readonly token: string; readonly seconds: number } {
  const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {};
  const spec = isRecord(answer) && isRecord(answer.spec) ? answer.spec : {};
  if (typeof status.token !== 'string') throw new Error('The API server answers a TokenRequest without a token');
  return {
    token: status.token,
    seconds: typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : lifeSeconds,
  };
}
