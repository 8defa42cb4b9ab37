/**
 * A proxy before this server that has found out who sends a request, and says so in headers (`X-Remote-User` …). It is
 * believed by its client certificate, of an authority that signs nothing else: what that has signed is nobody's identity
 * here but the proxy's, and what the authority of clients has signed makes nobody a proxy.
 */

import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { isStillGood, readCallerCertificate } from '../../base/caller-certificate.ts';
import { certificatesOf } from '../../base/pem.ts';
import type { RenewedAuthority } from '../../base/renewed-authority.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import { asAuthenticated } from './authentication.ts';
import { type Authenticator, RefusedCredentialError } from './authenticator.ts';

export interface FrontProxyHeaders {
  /** The first of them that is there has the name. */
  readonly user: readonly string[];
  readonly uid: readonly string[];
  /** Each value is a group. */
  readonly group: readonly string[];
  /** What follows is the key, percent-encoded. */
  readonly extraPrefixes: readonly string[];
}

export const defaultFrontProxyHeaders: FrontProxyHeaders = {
  user: ['X-Remote-User'],
  uid: [],
  group: ['X-Remote-Group'],
  extraPrefixes: ['X-Remote-Extra-'],
};

export interface FrontProxyParts {
  readonly authority: Pick<RenewedAuthority, 'current'>;
  readonly clientAuthority: Pick<RenewedAuthority, 'current'>;
  /** CNs of proxies; none: whatever the authority has signed is one. */
  readonly allowedNames: readonly string[];
  readonly headers: FrontProxyHeaders;
}

interface Issuers {
  readonly isProxys: boolean;
  readonly isClients: boolean;
}

/** Longer chains are nobody's. */
const longestChain = 8;

export class FrontProxy implements Authenticator {
  readonly #parts: FrontProxyParts;
  /** A connection keeps its issuers, as it keeps its certificate. */
  readonly #known = new WeakMap<object, Issuers>();

  constructor(parts: FrontProxyParts) {
    this.#parts = parts;
  }

  authenticate(request: ApiRequest): User | undefined | Promise<User | undefined> {
    const { socket } = request.incoming;
    if (!(socket instanceof TLSSocket)) return undefined;
    const known = this.#known.get(socket);
    if (known !== undefined) return known.isProxys ? this.#userOf(request) : undefined;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    return this.#issuersOf(certificate).then((issuers) => {
      this.#known.set(socket, issuers);
      return issuers.isProxys ? this.#userOf(request) : undefined;
    });
  }

  /** Whether a certificate's holder may be a user. Asked after `authenticate`. */
  mayBeClient(socket: object): boolean {
    return this.#known.get(socket)?.isClients ?? false;
  }

  #userOf(request: ApiRequest): User | undefined {
    const { allowedNames, headers } = this.#parts;
    const { incoming } = request;
    const caller = readCallerCertificate(incoming.socket);
    if (caller === 'none') return undefined;
    if (caller === 'refused' || !isStillGood(caller))
      throw new RefusedCredentialError("the front proxy's certificate is not to be believed");
    if (allowedNames.length > 0 && !allowedNames.includes(caller.name))
      throw new RefusedCredentialError(`x509: subject with cn=${caller.name} is not in the allowed list`);
    const user = readUser(incoming.headersDistinct, headers);
    return user && asAuthenticated(user);
  }

  async #issuersOf(certificate: X509Certificate): Promise<Issuers> {
    const { authority, clientAuthority } = this.#parts;
    const [proxys, clients] = await Promise.all([authority.current(), clientAuthority.current()]);
    return { isProxys: leadsTo(certificate, proxys), isClients: leadsTo(certificate, clients) };
  }
}

/** Whether the bundle has signed it, or who signed it. Dates and purposes are TLS's to judge. */
function leadsTo(certificate: X509Certificate, bundle: string): boolean {
  const authorities = certificatesOf(bundle).map((one) => new X509Certificate(one));
  let link: X509Certificate | undefined = certificate;
  for (let depth = 0; link !== undefined && depth < longestChain; depth += 1) {
    const current: X509Certificate = link;
    if (authorities.some((one) => isSignedBy(current, one))) return true;
    const issuer: X509Certificate | undefined = current.issuerCertificate;
    link = issuer?.ca && isSignedBy(current, issuer) ? issuer : undefined;
  }
  return false;
}

const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** Whom the headers name; undefined: nobody. Pure. */
export function readUser(headers: Headers, names: FrontProxyHeaders): User | undefined {
  const name = firstOf(headers, names.user);
  if (name === undefined) return undefined;
  const uid = firstOf(headers, names.uid);
  const extra = readExtra(headers, names.extraPrefixes);
  return {
    name,
    ...(uid !== undefined && { uid }),
    groups: names.group.flatMap((header) => headers[header.toLowerCase()] ?? []),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

const firstOf = (headers: Headers, names: readonly string[]): string | undefined =>
  names.map((one) => headers[one.toLowerCase()]?.[0]?.trim() ?? '').find((value) => value !== '');

function readExtra(headers: Headers, prefixes: readonly string[]): Record<string, string[]> {
  const found = new Map<string, string[]>();
  for (const prefix of prefixes.map((one) => one.toLowerCase())) {
    for (const [header, values = []] of Object.entries(headers)) {
      if (!header.startsWith(prefix)) continue;
      const key = decoded(header.slice(prefix.length));
      found.set(key, [...(found.get(key) ?? []), ...values]);
    }
  }
  return Object.fromEntries(found);
}

/** What cannot be decoded is as it reads, as upstream has it. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
