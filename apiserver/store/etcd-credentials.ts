/** How etcd's members are believed, and how we prove to them who we are: mutual TLS, from files that are renewed in place. */

import { type AuthoritySource, RenewedAuthority } from '../../base/renewed-authority.ts';
import type { RenewedFilesOptions } from '../../base/renewed-files.ts';
import { type KeyPairSource, RenewedKeyPair } from '../../base/renewed-key-pair.ts';

export interface EtcdTls {
  /** Signs the members' certificates. */
  readonly authority: AuthoritySource;
  /** Ours. Absent: they do not ask for one. */
  readonly client?: KeyPairSource | undefined;
}

/** PEM. */
export interface EtcdCredentialTexts {
  readonly authority: string;
  readonly certificate?: string;
  readonly key?: string;
}

export class EtcdCredentials {
  readonly #authority: RenewedAuthority;
  readonly #client: RenewedKeyPair | undefined;
  #last: EtcdCredentialTexts | undefined;

  constructor({ authority, client }: EtcdTls, options: Pick<RenewedFilesOptions<never>, 'logger'> = {}) {
    this.#authority = new RenewedAuthority(authority, options);
    this.#client = client && new RenewedKeyPair(client, options);
  }

  /** The same object until there are others: connections are made with these from then on. */
  async current(): Promise<EtcdCredentialTexts> {
    const authority = await this.#authority.current();
    const pair = await this.#client?.current();
    const last = this.#last;
    if (last?.authority === authority && last.certificate === pair?.certificate && last.key === pair?.key) return last;
    this.#last = { authority, ...pair };
    return this.#last;
  }
}
