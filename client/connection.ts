/** How to reach the API servers and who we are: what a kubeconfig says, in one value. */

import type { KeyPairFiles } from '../base/renewed-key-pair.ts';

export interface Impersonation {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  /** By key. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface Connection {
  /** `https://host:port`, one or more: the client fails over from one to the next. */
  readonly servers: readonly string[];
  /** PEM. */
  readonly certificateAuthority?: string;
  /** Where it comes from, read again when it has changed: authorities are replaced in place. Goes before it. */
  readonly authorityFile?: string;
  /** PEM; with `clientKey`. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** Where the two come from, read again when they have changed: certificates are renewed in place. Goes before them. */
  readonly clientFiles?: KeyPairFiles;
  readonly token?: string;
  /** A file with the token, read again every minute: such tokens are renewed in place. Goes before `token`. */
  readonly tokenFile?: string;
  /** For what stands before an API server and asks for passwords. A token goes before it. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** As whom requests are made, by who may impersonate them. */
  readonly impersonate?: Impersonation;
  readonly insecureSkipTlsVerify?: boolean;
  /** The name to look for in the server's certificate, when it is not the URL's host. */
  readonly tlsServerName?: string;
  /** How long to wait for a connection, for its handshake and for an answer, for who knows better than the client does. */
  readonly timeoutMs?: number;
  /** The namespace that commands use when none is named. */
  readonly namespace?: string;
}

/** What says who we are in a request's headers; undefined: a certificate does, or nothing. */
export function authorizationOf({ basic }: Connection, token: string | undefined): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  return basic && `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}

/** What says in whose place a request is made; nothing when it is one's own. Names in lower case. */
export function impersonationHeaders({ impersonate }: Connection): Record<string, string | string[]> {
  if (impersonate === undefined) return {};
  const { user, uid, groups, extra = {} } = impersonate;
  return {
    'impersonate-user': user,
    ...(uid !== undefined && { 'impersonate-uid': uid }),
    ...(groups.length > 0 && { 'impersonate-group': [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [
        `impersonate-extra-${encodeURIComponent(key).toLowerCase()}`,
        [...values],
      ]),
    ),
  };
}
