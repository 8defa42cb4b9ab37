/**
 * The certificates that are served, by the name that a client asks for. They change with their Secrets: the next handshake
 * has the new one. Where there is none that can be used, the default one is served.
 */

import tls, { type SecureContext } from 'node:tls';
import type { Secret } from '../../api/types/core/v1.ts';
import type { KeyPair } from '../../base/certificates.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Problem } from '../problem.ts';
import type { TlsHost } from '../routing/route.ts';
import { flawOf, readCertificate } from './read-certificate.ts';

interface Loaded {
  readonly version: string;
  readonly context: SecureContext | undefined;
  readonly read: ReturnType<typeof readCertificate>;
}

export class CertificateStore {
  #contexts: ReadonlyMap<string, SecureContext> = new Map();
  #default: SecureContext;
  #defaultPair: KeyPair;
  #anyHostPair: KeyPair | undefined;
  #loaded = new Map<string, Loaded>();

  constructor(fallback: KeyPair) {
    this.#default = contextOf(fallback);
    this.#defaultPair = fallback;
  }

  setDefault(pair: KeyPair): void {
    this.#default = contextOf(pair);
    this.#defaultPair = pair;
  }

  /** For clients that name no host. */
  get unnamedPair(): KeyPair {
    return this.#anyHostPair ?? this.#defaultPair;
  }

  /** Takes in what there is now. What is wrong is told by the Ingress that names it. */
  update(
    hosts: readonly TlsHost[],
    secretOf: (key: string) => Cached<Secret> | undefined,
    now: number,
  ): readonly { readonly ingress: string; readonly problem: Problem }[] {
    const loaded = new Map<string, Loaded>();
    const contexts = new Map<string, SecureContext>();
    const problems: { ingress: string; problem: Problem }[] = [];
    for (const { host, secret, ingress } of hosts) {
      const one = loaded.get(secret) ?? this.#load(secret, secretOf(secret));
      loaded.set(secret, one);
      if (one.context !== undefined) contexts.set(host, one.context);
      const { read } = one;
      const flaw = read.problem ?? (read.leaf && flawOf(read.leaf, host, now));
      const what = read.problem === undefined ? 'The certificate of the Secret' : 'The Secret';
      const instead = read.problem === undefined ? '' : '; the default certificate is served';
      if (flaw !== undefined)
        problems.push({
          ingress,
          problem: { reason: 'BadCertificate', message: `${what} ${secret.split('/')[1] ?? ''} ${flaw}${instead}` },
        });
    }
    this.#loaded = loaded;
    this.#contexts = contexts;
    const anyHost = hosts.find(({ host }) => host === '');
    this.#anyHostPair = anyHost && loaded.get(anyHost.secret)?.read.pair;
    return problems;
  }

  /** For the name that a client gave; undefined: it gave none. */
  contextFor(name: string | undefined): SecureContext {
    const host = (name ?? '').toLowerCase();
    const dot = host.indexOf('.');
    return (
      this.#contexts.get(host) ??
      (dot > 0 ? this.#contexts.get(`*${host.slice(dot)}`) : undefined) ??
      this.#contexts.get('') ??
      this.#default
    );
  }

  #load(key: string, secret: Cached<Secret> | undefined): Loaded {
    const version = secret === undefined ? '' : `${secret.metadata.uid} ${secret.metadata.resourceVersion}`;
    const before = this.#loaded.get(key);
    if (before !== undefined && before.version === version) return before;
    const read = readCertificate(secret);
    if (read.pair === undefined) return { version, context: undefined, read };
    try {
      return { version, context: contextOf(read.pair), read };
    } catch {
      // Such as a key that is too short for OpenSSL.
      return { version, context: undefined, read: { problem: 'has a certificate that TLS does not take' } };
    }
  }
}

const contextOf = ({ certificate, key }: KeyPair): SecureContext =>
  tls.createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
