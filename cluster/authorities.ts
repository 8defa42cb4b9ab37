/**
 * The authorities of a cluster, in `<data-dir>/pki`: `<name>.crt` is the bundle that is trusted, `<name>.key` the key that
 * signs, of one of the bundle's certificates. Apart, because what one of them signs must not pass for what another does:
 *
 * - `ca`: the API server's certificate, and all clients' of it. Pods and users trust it.
 * - `kubelet-ca`: the certificates of kubelets' servers. Only API servers trust it, and only for that.
 * - `front-proxy-ca`: proxies that tell the API server, or servers of other APIs, who sends a request.
 * - `etcd-ca`: etcd's members, and those who may talk to them: API servers.
 */

import { X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isInForce, lifeOfCertificate } from '../base/certificate-life.ts';
import type { KeyPair } from '../base/certificates.ts';
import { certificatesOf } from '../base/pem.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { findAuthority } from '../base/signing-authority.ts';
import { UserError } from '../base/user-error.ts';
import { filesOf, readPair, writePair } from './pki-files.ts';

export const authorityNames = ['ca', 'kubelet-ca', 'etcd-ca', 'front-proxy-ca'] as const;
export type AuthorityName = (typeof authorityNames)[number];

const signers: Readonly<Record<string, AuthorityName>> = {
  'etcd-server': 'etcd-ca',
  'etcd-peer': 'etcd-ca',
  'apiserver-etcd-client': 'etcd-ca',
  'kubelet-serving': 'kubelet-ca',
  'front-proxy-client': 'front-proxy-ca',
};

/** Of the certificate of this name. */
export const signerOf = (leaf: string): AuthorityName => signers[leaf] ?? 'ca';

/** `certificate` is the one that signs. */
export interface Authority extends KeyPair, KeyPairFiles {
  /** PEM: all that are trusted, the one that signs among them. */
  readonly bundle: string;
}

/** A clock before this was never set. */
const oldestTime = Date.UTC(2025, 0, 1);

/** What there is; undefined: neither file. Throws a UserError when it cannot sign. */
export async function readAuthority(folder: string, name: AuthorityName): Promise<Authority | undefined> {
  const kept = await readPair(folder, name);
  if (kept === undefined) return undefined;
  const found = findAuthority(kept.certificate, kept.key);
  if (found !== undefined) return { ...found, ...filesOf(folder, name), bundle: kept.certificate };
  throw new UserError(
    `${join(folder, `${name}.crt`)} and ${name}.key are not a certificate and its key. Restore them from a backup, or move ` +
      `${folder} away: then everything that trusts this cluster needs its new certificate.`,
  );
}

/** Made when there never was one. Throws a UserError when it is not in force. */
export async function ensureAuthority(folder: string, name: AuthorityName, now: number): Promise<Authority> {
  const kept = await readAuthority(folder, name);
  if (kept !== undefined) {
    checkClock(kept, now);
    return kept;
  }
  await checkNeverHad(folder, name);
  if (now < oldestTime) throw new UserError(`${clockSays(now)}: set it ("timedatectl"), then start again.`);
  const { createAuthority } = await import('../base/certificates.ts');
  const made = await writePair(folder, name, await createAuthority(`longshore-${name}`, now));
  return { ...made, ...filesOf(folder, name), bundle: made.certificate };
}

/** Throws when files are left that tell of an authority, or a part of one: nothing would trust another. */
async function checkNeverHad(folder: string, name: AuthorityName): Promise<void> {
  const own = [`${name}.crt`, `${name}.key`];
  const found = new Set((await readdir(folder)).filter((file) => /\.(crt|key)$/.test(file)));
  // Only the first is as old as everything else: clusters of builds before have no other.
  const tells = name === 'ca' ? found.size > 0 : own.some((file) => found.has(file));
  if (!tells) return;
  const missing = own.filter((file) => !found.has(file));
  throw new UserError(
    `${missing.map((file) => join(folder, file)).join(' and ')}, of the authority that everything of this cluster ` +
      `trusts, ${missing.length === 1 ? 'is' : 'are'} missing. Restore ${missing.join(' and ')} from a backup of ${folder}. ` +
      `Without one, move ${folder} away, keep it, and start again: a new authority is made, and everything that trusts the ` +
      'old one needs the new certificate. Nothing was changed.',
  );
}

/** An authority that is not in force is never replaced by itself: everything that trusts it would have to be told. */
function checkClock({ certificate, certificateFile: file }: Authority, now: number): void {
  const { validFrom, validTo } = new X509Certificate(certificate);
  if (isInForce(lifeOfCertificate(certificate), now)) return;
  if (Date.parse(validFrom) > now) {
    throw new UserError(
      `${clockSays(now)}, which is before the certificates of this cluster were made (${file} is valid from ${validFrom}). ` +
        'Set the clock ("timedatectl"), then start again. Nothing was changed.',
    );
  }
  throw new UserError(
    `${clockSays(now)}, and the authority of this cluster, ${file}, ended on ${validTo}. If the clock is wrong, set it ` +
      '("timedatectl"), then start again. If it is right, "kubecfg certs renew --expired" gives it, and all that it has ' +
      'signed, a new life: everything that trusts the old certificate needs the new one. Nothing was changed.',
  );
}

const clockSays = (now: number): string => `The clock of this machine says ${new Date(now).toISOString()}`;

/** A bundle with `first` at its beginning, which is the one that signs, and each certificate once. */
export function bundleOf(first: string, ...others: readonly string[]): string {
  return [...new Set(certificatesOf([first, ...others].join('\n')))].join('');
}
