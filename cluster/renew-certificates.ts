/**
 * Makes certificates of a data directory again by hand, whether the cluster runs or not: the same names and rights, new
 * keys, a new life. An authority that has run out gets a new life, too, with its old key: all that it has signed is good
 * again for whoever has its new certificate.
 */

import { X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateLife, isInForce, lifeOfCertificate } from '../base/certificate-life.ts';
import type { CertificateRequest } from '../base/certificates.ts';
import { certificatesOf } from '../base/pem.ts';
import { UserError } from '../base/user-error.ts';
import {
  type Authority,
  type AuthorityName,
  authorityNames,
  bundleOf,
  readAuthority,
  signerOf,
} from './authorities.ts';
import { readPair, withPkiLock, writePair } from './pki-files.ts';
import { refreshKubeconfigs } from './refresh-kubeconfigs.ts';

export interface RenewOptions {
  readonly dataDir: string;
  /** As the files are called: `apiserver`. Empty: all that authorities have signed. */
  readonly names: readonly string[];
  /** Only what is not in force, authorities too. */
  readonly onlyExpired: boolean;
  /** Wall time in milliseconds. */
  readonly now: number;
}

export interface Renewed {
  readonly authorities: readonly AuthorityName[];
  readonly names: readonly string[];
  /** That cannot be read: the next start of the cluster makes them. */
  readonly left: readonly string[];
}

/** Throws a UserError before anything is changed when a name is none, or an authority has run out and may not be renewed. */
export async function renewCertificates(options: RenewOptions): Promise<Renewed> {
  const folder = join(options.dataDir, 'pki');
  const found = await leafNames(folder);
  const unknown = options.names.find((name) => !found.includes(name));
  if (unknown !== undefined)
    throw new UserError(`There is no certificate ${unknown} in ${folder}; there are ${found.join(', ')}`);
  const renewed = await withPkiLock(folder, () => renewLeaves(options));
  await refreshKubeconfigs(options.dataDir);
  return renewed;
}

/** For who has the lock of the folder already. */
export async function renewLeaves(options: RenewOptions): Promise<Renewed> {
  const { onlyExpired, now } = options;
  const folder = join(options.dataDir, 'pki');
  const names = options.names.length > 0 ? options.names : await leafNames(folder);
  const authorities = new Map<AuthorityName, Authority>();
  const mended: AuthorityName[] = [];
  for (const name of authorityNames) {
    const authority = await readAuthority(folder, name);
    if (authority === undefined) continue;
    const isOver = !isInForce(lifeOfCertificate(authority.certificate), now);
    if (isOver && !onlyExpired)
      throw new UserError(`The authority ${name} is not in force: kubecfg certs renew --expired`);
    authorities.set(name, isOver ? await mend(folder, name, authority, now) : authority);
    if (isOver) mended.push(name);
  }
  const done: string[] = [];
  const left: string[] = [];
  for (const name of names) {
    const outcome = await renewLeaf(folder, name, { authority: authorities.get(signerOf(name)), onlyExpired, now });
    if (outcome === 'renewed') done.push(name);
    if (outcome === 'left') left.push(name);
  }
  return { authorities: mended, names: done, left };
}

/** Other certificates of the bundle stay trusted while they are in force. */
async function mend(folder: string, name: AuthorityName, authority: Authority, now: number): Promise<Authority> {
  const { renewAuthority } = await import('../base/certificates.ts');
  const { certificate, key } = await renewAuthority(authority, now);
  const others = certificatesOf(authority.bundle).filter((one) => isInForce(lifeOfCertificate(one), now));
  const bundle = bundleOf(certificate, ...others);
  await writePair(folder, name, { certificate: bundle, key });
  return { ...authority, certificate, key, bundle };
}

interface LeafOptions {
  readonly authority: Authority | undefined;
  readonly onlyExpired: boolean;
  readonly now: number;
}

async function renewLeaf(
  folder: string,
  name: string,
  { authority, onlyExpired, now }: LeafOptions,
): Promise<'renewed' | 'good' | 'left'> {
  const kept = await readPair(folder, name);
  const request = kept && requestOf(kept.certificate);
  if (kept === undefined || request === undefined || authority === undefined) return 'left';
  if (onlyExpired && isInForce(lifeOfCertificate(kept.certificate), now)) return 'good';
  const { issueCertificate } = await import('../base/certificates.ts');
  await writePair(folder, name, await issueCertificate(authority, request, now));
  return 'renewed';
}

async function leafNames(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((file) => file.endsWith('.crt')).map((file) => file.slice(0, -4));
  return names.filter((name) => !authorityNames.some((authority) => authority === name)).sort();
}

const purposes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };
const longestBackdateMs = 5 * 60_000;

/** What would bring this certificate again; undefined: it cannot be read. */
export function requestOf(certificate: string): CertificateRequest | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    const subject = parsed.subject.split('\n').map((line) => line.split('='));
    const valuesOf = (type: string): string[] =>
      subject.filter(([name]) => name === type).map(([, ...value]) => value.join('='));
    const names = (parsed.subjectAltName ?? '').split(', ').map((name) => name.split(':'));
    const namesOf = (type: string): string[] =>
      names.filter(([kind]) => kind === type).map(([, ...value]) => value.join(':'));
    const has = (purpose: 'server' | 'client') => (parsed.keyUsage ?? []).includes(purposes[purpose]);
    return {
      commonName: valuesOf('CN')[0] ?? '',
      organizations: valuesOf('O'),
      dnsNames: namesOf('DNS'),
      ipAddresses: namesOf('IP Address'),
      usages: (['server', 'client'] as const).filter(has),
      validForMs: givenLifeMs(lifeOfCertificate(parsed)),
      keyType: parsed.publicKey.asymmetricKeyType === 'rsa' ? 'rsa' : undefined,
    };
  } catch {
    return undefined; // cut short by a full disk, for instance
  }
}

/** Without the time by which it is backdated. */
const givenLifeMs = ({ from, to }: CertificateLife): number =>
  to - from > 2 * longestBackdateMs ? to - from - longestBackdateMs : (to - from) / 2;
