/**
 * Clients of service accounts of kube-system, for a process whose parts have an identity each: over one set of connections,
 * which show no certificate, each request with its account's token.
 */

import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { type AccountOwner, AccountToken } from './account-token.ts';
import type { Client } from './client.ts';
import type { Connection } from './connection.ts';
import { createRestClientOver } from './rest-client.ts';
import { Transport } from './transport.ts';

export interface AccountClientsOptions {
  readonly owner: AccountOwner;
  /** The servers and what they are known by; its credentials are not shown. */
  readonly connection: Connection;
  /** Of each client, with its account's name behind it. */
  readonly userAgent: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

const namespace = 'kube-system';

export class AccountClients {
  readonly #options: AccountClientsOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #clients = new Map<string, Client>();

  constructor(options: AccountClientsOptions) {
    const { connection, logger, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#transport = new Transport(withoutCredentials(connection), { clock, logger });
  }

  /** The same one for the same account. Its `close` does nothing: the connections are shared. */
  of(account: string): Client {
    const known = this.#clients.get(account);
    if (known !== undefined) return known;
    const { owner, userAgent, logger } = this.#options;
    const client = createRestClientOver(this.#transport, {
      userAgent: `${userAgent}/system:serviceaccount:${namespace}:${account}`,
      logger,
      clock: this.#clock,
      tokens: new AccountToken({ client: owner, clock: this.#clock, account: { namespace, name: account } }),
    });
    this.#clients.set(account, client);
    return client;
  }

  /** Cuts every connection. */
  close(): void {
    this.#transport.close();
  }
}

function withoutCredentials({
  clientCertificate: _certificate,
  clientKey: _key,
  clientFiles: _files,
  token: _token,
  tokenFile: _tokenFile,
  ...rest
}: Connection): Connection {
  return rest;
}
