/** Signs what a request asks for: its subject, its names and its key, with the usages that were granted, and nothing else. */

import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { lifeOfCertificate } from './certificate-life.ts';
import type { CertificateRequestFacts } from './certificate-request.ts';
import { backdateOf, importKey, type KeyPair, plainText, serialNumber } from './certificates.ts';

export interface SigningOptions {
  /** In the API's words: `client auth`. Unknown ones are refused before. */
  readonly usages: readonly string[];
  readonly validForMs: number;
  readonly now: number;
}

const { KeyUsageFlags: flags } = x509;

const keyUsages: Readonly<Record<string, number>> = {
  signing: flags.digitalSignature,
  'digital signature': flags.digitalSignature,
  'content commitment': flags.nonRepudiation,
  'key encipherment': flags.keyEncipherment,
  'data encipherment': flags.dataEncipherment,
  'key agreement': flags.keyAgreement,
  'cert sign': flags.keyCertSign,
  'crl sign': flags.cRLSign,
  'encipher only': flags.encipherOnly,
  'decipher only': flags.decipherOnly,
};

const extendedKeyUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

/** A life shorter than this ends when it was asked to, although it begins before it is signed. */
const shortLifeMs = 8 * 3_600_000;

/** PEM. Throws when the authority's own life is over. It never signs beyond that. */
export async function signCertificateRequest(
  authority: KeyPair,
  facts: CertificateRequestFacts,
  { usages, validForMs, now }: SigningOptions,
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const { to } = lifeOfCertificate(authority.certificate);
  if (now >= to) throw new Error(`the signer has expired: NotAfter=${new Date(to).toISOString()}`);
  const backdateMs = backdateOf(validForMs);
  const signer = await importKey(authority.key);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: subjectOf(facts),
    issuer: issuer.subjectName,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(Math.min(to, now + validForMs - (validForMs < shortLifeMs ? 0 : backdateMs))),
    signingAlgorithm: signer.algorithm,
    publicKey: facts.publicKey,
    signingKey: signer.key,
    extensions: [
      ...usageExtensions(usages),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...nameExtensions(facts),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

function subjectOf({ commonName, organizations, otherSubject }: CertificateRequestFacts): x509.Name {
  const parts = [
    ...organizations.map((value) => ({ O: [plainText(value)] })),
    ...Object.entries(otherSubject).flatMap(([type, values]) =>
      values.map((value) => ({ [type]: [plainText(value)] })),
    ),
    ...(commonName === '' ? [] : [{ CN: [plainText(commonName)] }]),
  ];
  return new x509.Name(parts);
}

function usageExtensions(usages: readonly string[]): x509.Extension[] {
  const bits = usages.reduce((sum, usage) => sum | (keyUsages[usage] ?? 0), 0);
  const purposes = [...new Set(usages.flatMap((usage) => extendedKeyUsages[usage] ?? []))];
  return [
    ...(bits === 0 ? [] : [new x509.KeyUsagesExtension(bits, true)]),
    ...(purposes.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(purposes)]),
  ];
}

function nameExtensions({ dnsNames, ipAddresses, emailAddresses, uris }: CertificateRequestFacts): x509.Extension[] {
  const typed = (type: 'dns' | 'ip' | 'email' | 'url', values: readonly string[]) =>
    values.map((value) => ({ type, value }));
  const names = [
    ...[...typed('dns', dnsNames), ...typed('email', emailAddresses)],
    ...[...typed('ip', ipAddresses), ...typed('url', uris)],
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}
