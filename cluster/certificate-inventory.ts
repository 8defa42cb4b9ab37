/** All certificates that a data directory holds, and how long each is good yet. */

import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isInForce, lifeOfCertificate, renewalTime } from '../base/certificate-life.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { certificatesOf, parsePem } from '../base/pem.ts';

export type CertificateState = 'ok' | 'due' | 'EXPIRED' | 'NOT YET VALID' | 'UNREADABLE';

export interface ListedCertificate {
  /** Below the data directory. */
  readonly file: string;
  readonly subject: string;
  readonly issuer: string;
  /** Wall time in milliseconds; undefined: unreadable. */
  readonly expires: number | undefined;
  readonly daysLeft: number | undefined;
  readonly state: CertificateState;
}

const dayMs = 86_400_000;

export async function listCertificates(dataDir: string, now: number): Promise<ListedCertificate[]> {
  const folders = ['pki', join('kubelet', 'pki')];
  const files = (await Promise.all(folders.map((folder) => certificateFiles(dataDir, folder)))).flat();
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const kubeconfigs = await embeddedCertificates(dataDir);
  return [...files.map((file, index) => ({ file, text: texts[index] ?? '' })), ...kubeconfigs].flatMap(
    ({ file, text }) => describeFile(relative(dataDir, file), text, now),
  );
}

async function certificateFiles(dataDir: string, folder: string): Promise<string[]> {
  const names = (await ifFilePresent(readdir(join(dataDir, folder)))) ?? [];
  return names
    .filter((name) => /\.(crt|pem)$/.test(name))
    .sort()
    .map((name) => join(dataDir, folder, name));
}

/** Those that kubeconfigs hold themselves, and do not name the file of. */
async function embeddedCertificates(dataDir: string): Promise<{ file: string; text: string }[]> {
  const names = (await readdir(dataDir)).filter((name) => name.endsWith('.kubeconfig')).sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(dataDir, name), 'utf8');
      const [, data] = /client-certificate-data: *(\S+)/.exec(text) ?? [];
      return data === undefined ? [] : [{ file: join(dataDir, name), text: Buffer.from(data, 'base64').toString() }];
    }),
  );
  return found.flat();
}

/** One for each certificate in it. Pure. */
export function describeFile(file: string, text: string, now: number): ListedCertificate[] {
  const certificates = certificatesOf(text);
  const unreadable = { subject: '', issuer: '', expires: undefined, daysLeft: undefined, state: 'UNREADABLE' } as const;
  if (certificates.length === 0) return parsePem(text).length > 0 ? [] : [{ file, ...unreadable }];
  return certificates.map((certificate) => {
    try {
      return describeCertificate(file, new X509Certificate(certificate), now);
    } catch {
      return { file, ...unreadable };
    }
  });
}

function describeCertificate(file: string, certificate: X509Certificate, now: number): ListedCertificate {
  const life = lifeOfCertificate(certificate);
  const oneLine = (name: string): string => name.split('\n').join(', ');
  return {
    file,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    expires: life.to,
    daysLeft: Math.floor((life.to - now) / dayMs),
    state: stateOf(life, now),
  };
}

function stateOf(life: { readonly from: number; readonly to: number }, now: number): CertificateState {
  if (isInForce(life, now)) return now < renewalTime(life) ? 'ok' : 'due';
  return now < life.from ? 'NOT YET VALID' : 'EXPIRED';
}
