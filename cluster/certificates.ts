/**
 * The certificates of a cluster on this machine, as files of `<data-dir>/pki`: made once, kept while they are good,
 * made again when they are near their end, signed by another authority, or lack a name that is asked for now.
 */

import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateRequest, KeyPair } from '../base/certificates.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { ensurePrivateFolder } from '../base/private-folder.ts';
import { type KeyPairFiles, parseCertificate } from '../base/renewed-key-pair.ts';
import { UserError } from '../base/user-error.ts';
import { writeTemporary } from '../base/write-atomically.ts';

export interface CertificateOptions {
  /** Where they are kept, and nothing else. Its mode becomes 0700. */
  readonly folder: string;
  readonly nodeName: string;
  /** Names and addresses under which clients reach the API server, beside those that every cluster has. */
  readonly serverNames: readonly string[];
  readonly serverAddresses: readonly string[];
  /** Wall time in milliseconds. */
  readonly now?: number;
  /** Of what the authority signs. Default: one year. */
  readonly validForMs?: number;
}

/** With the files that it is kept in, which are written again when it is renewed. */
export type StoredKeyPair = KeyPair & KeyPairFiles;

export interface ClusterCertificates {
  readonly authority: KeyPair;
  readonly apiServer: StoredKeyPair;
  /** With which the API server calls kubelets, which let no other caller in. The API server itself gives it no rights. */
  readonly kubeletClient: StoredKeyPair;
  readonly kubeletServing: StoredKeyPair;
  readonly kubelet: StoredKeyPair;
  readonly controllerManager: StoredKeyPair;
  readonly scheduler: StoredKeyPair;
  readonly proxy: StoredKeyPair;
  readonly admin: StoredKeyPair;
}

/** A leaf certificate with less left than this part of its life is made again. */
const renewedPart = 1 / 3;
/** A clock before this was never set. */
const oldestTime = Date.UTC(2025, 0, 1);
const masters = ['system:masters'];

/** Loads the certificates and makes those that are missing or no longer good. Idempotent. */
export async function ensureCertificates(options: CertificateOptions): Promise<ClusterCertificates> {
  const { folder, nodeName, now = Date.now(), validForMs } = options;
  await ensurePrivateFolder(folder);
  const authority = await ensureAuthority(folder, now);
  const leaf = (name: string, asked: CertificateRequest) => {
    const request = validForMs === undefined ? asked : { ...asked, validForMs };
    return ensureLeaf({ folder, name, authority, request, now });
  };
  const client = (name: string, commonName: string, organizations: readonly string[] = masters) =>
    leaf(name, { commonName, organizations, usages: ['client'] });
  return {
    authority,
    apiServer: await leaf('apiserver', serverRequest(options)),
    kubeletClient: await client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', []),
    kubeletServing: await leaf('kubelet-serving', {
      commonName: `system:node:${nodeName}`,
      organizations: ['system:nodes'],
      dnsNames: ['localhost', nodeName],
      ipAddresses: ['127.0.0.1', ...options.serverAddresses],
      usages: ['server'],
    }),
    kubelet: await client('kubelet', `system:node:${nodeName}`, ['system:nodes', ...masters]),
    controllerManager: await client('controller-manager', 'system:kube-controller-manager'),
    scheduler: await client('scheduler', 'system:kube-scheduler'),
    proxy: await client('proxy', 'system:kube-proxy'),
    admin: await client('admin', 'admin'),
  };
}

function serverRequest({ serverNames, serverAddresses }: CertificateOptions): CertificateRequest {
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return {
    commonName: 'kube-apiserver',
    dnsNames: [...new Set(['localhost', ...service, ...serverNames])],
    ipAddresses: [...new Set(['127.0.0.1', ...serverAddresses])],
    usages: ['server'],
  };
}

async function ensureAuthority(folder: string, now: number): Promise<KeyPair> {
  const kept = await readPair(folder, 'ca');
  if (kept !== undefined) {
    const certificate = parseCertificate(kept);
    if (certificate === undefined) {
      throw new UserError(
        `${join(folder, 'ca.crt')} and ca.key are not a certificate and its key. Restore them from a backup, or move ` +
          `${folder} away: then everything that trusts this cluster needs its new certificate.`,
      );
    }
    checkClock(certificate, join(folder, 'ca.crt'), now);
    return kept;
  }
  await checkNeverHadAuthority(folder);
  if (now < oldestTime) throw new UserError(`${clockSays(now)}: set it ("timedatectl"), then start again.`);
  const { createAuthority } = await import('../base/certificates.ts');
  return await writePair(folder, 'ca', await createAuthority('longshore-ca', now));
}

/** Throws when files are left that tell of an authority, or a part of one: nothing would trust another. */
async function checkNeverHadAuthority(folder: string): Promise<void> {
  const found = new Set((await readdir(folder)).filter((name) => /\.(crt|key)$/.test(name)));
  if (found.size === 0) return;
  const missing = ['ca.crt', 'ca.key'].filter((name) => !found.has(name));
  throw new UserError(
    `${missing.map((name) => join(folder, name)).join(' and ')}, of the authority that everything of this cluster ` +
      `trusts, ${missing.length === 1 ? 'is' : 'are'} missing. Restore ${missing.join(' and ')} from a backup of ${folder}. ` +
      `Without one, move ${folder} away, keep it, and start again: a new authority is made, and everything that trusts the ` +
      'old one needs the new certificate. Nothing was changed.',
  );
}

/** An authority that is not in force is never replaced: everything that trusts it would have to be told. */
function checkClock({ validFrom, validTo }: X509Certificate, file: string, now: number): void {
  if (Date.parse(validFrom) > now) {
    throw new UserError(
      `${clockSays(now)}, which is before the certificates of this cluster were made (${file} is valid from ${validFrom}). ` +
        'Set the clock ("timedatectl"), then start again. Nothing was changed.',
    );
  }
  if (Date.parse(validTo) > now) return;
  throw new UserError(
    `${clockSays(now)}, and the authority of this cluster, ${file}, ended on ${validTo}. If the clock is wrong, set it ` +
      '("timedatectl"), then start again. If it is right, move the folder of that file away, keep it, and start again: a new ' +
      'authority is made, and everything that trusts the old one needs the new certificate. Nothing was changed.',
  );
}

const clockSays = (now: number): string => `The clock of this machine says ${new Date(now).toISOString()}`;

interface Leaf {
  readonly folder: string;
  readonly name: string;
  readonly authority: KeyPair;
  readonly request: CertificateRequest;
  readonly now: number;
}

/**
 * Made anew also when one of its two files is missing: what the same authority signs is trusted as the one before was, and
 * a start that was cut off between the two must not need a person.
 */
async function ensureLeaf({ folder, name, authority, request, now }: Leaf): Promise<StoredKeyPair> {
  const files = filesOf(folder, name);
  const kept = await readPair(folder, name);
  if (kept !== undefined && isGood(kept, authority, request, now)) return { ...kept, ...files };
  const { issueCertificate } = await import('../base/certificates.ts');
  return { ...(await writePair(folder, name, await issueCertificate(authority, request, now))), ...files };
}

function isGood(pair: KeyPair, authority: KeyPair, request: CertificateRequest, now: number): boolean {
  const certificate = parseCertificate(pair);
  if (certificate === undefined) return false;
  const { commonName, organizations = [], dnsNames = [], ipAddresses = [] } = request;
  const subject = certificate.subject.split('\n');
  return (
    certificate.verify(new X509Certificate(authority.certificate).publicKey) &&
    isYoung(certificate, now) &&
    [`CN=${commonName}`, ...organizations.map((one) => `O=${one}`)].every((one) => subject.includes(one)) &&
    dnsNames.every((one) => certificate.checkHost(one) !== undefined) &&
    ipAddresses.every((one) => certificate.checkIP(one) !== undefined)
  );
}

function isYoung({ validFrom, validTo }: X509Certificate, now: number): boolean {
  const [start, end] = [Date.parse(validFrom), Date.parse(validTo)];
  return start <= now && end - now > (end - start) * renewedPart;
}

function filesOf(folder: string, name: string): KeyPairFiles {
  return { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
}

async function readPair(folder: string, name: string): Promise<KeyPair | undefined> {
  const { certificateFile, keyFile } = filesOf(folder, name);
  const [certificate, key] = await Promise.all([
    ifFilePresent(readFile(certificateFile, 'utf8')),
    ifFilePresent(readFile(keyFile, 'utf8')),
  ]);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function writePair(folder: string, name: string, pair: KeyPair): Promise<KeyPair> {
  const { certificateFile, keyFile } = filesOf(folder, name);
  const key = await writeTemporary(keyFile, pair.key, 0o600);
  const certificate = await writeTemporary(certificateFile, pair.certificate, 0o644);
  // One right after the other: an authority of which only one is there is refused.
  await rename(key, keyFile);
  await rename(certificate, certificateFile);
  return pair;
}
