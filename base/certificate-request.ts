/** Requests for certificates (PKCS #10): made with a new key, and read, with what they ask for as a signer may use it. */

import 'reflect-metadata';
import { createPublicKey, constants as cryptoConstants, verify, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { type CertificateSubject, exportKey, keyAlgorithm, nameOf, subjectAlternativeNames } from './certificates.ts';
import { encodePem, parsePem } from './pem.ts';

/** What a request asks for. All else that is in it is nobody's business. */
export interface CertificateRequestFacts {
  /** The last where there are several, as Go reads them; '' where there is none. */
  readonly commonName: string;
  /** How many it has. More than one mean different people to different readers: ask for that before any is believed. */
  readonly commonNameCount: number;
  readonly organizations: readonly string[];
  /** Further parts of the subject, by object identifier. */
  readonly otherSubject: Readonly<Record<string, readonly string[]>>;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

export interface PendingRequest {
  /** PEM. */
  readonly request: string;
  /** PEM. Secret. */
  readonly key: string;
}

/** Larger ones are nobody's honest request; reading one would take longer than other users should wait. */
export const maxRequestBytes = 128 << 10;

const subjectAlternativeName = '2.5.29.17';
/** C, OU, L, ST, street, postal code, serial number: what Go keeps of a subject beside CN and O. */
const otherSubjectTypes = ['2.5.4.6', '2.5.4.11', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.17', '2.5.4.5'];

export async function createCertificateRequest(subject: CertificateSubject): Promise<PendingRequest> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const names = subjectAlternativeNames(subject);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: nameOf(subject.commonName, subject.organizations ?? []),
    keys,
    signingAlgorithm: keyAlgorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return {
    request: encodePem(new Uint8Array(request.rawData), 'CERTIFICATE REQUEST'),
    key: await exportKey(keys.privateKey),
  };
}

/** Throws an Error in upstream's words unless it is a request that its own key has signed. */
export function parseCertificateRequest(text: string): CertificateRequestFacts {
  const request = decodeText(text);
  checkSignature(request);
  return factsOf(request);
}

/** The same, whether or not it is signed by its key: for who only looks at what is asked for, and does not grant it. */
export const readCertificateRequest = (text: string): CertificateRequestFacts => factsOf(decodeText(text));

function decodeText(text: string): x509.Pkcs10CertificateRequest {
  if (text.length > maxRequestBytes) throw new Error(`a request may not have more than ${maxRequestBytes} bytes`);
  const [block] = parsePem(text);
  if (block?.type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  return decode(block.der);
}

function decode(der: Buffer): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(der);
  } catch (cause) {
    throw new Error('x509: malformed certificate request', { cause });
  }
}

function factsOf(request: x509.Pkcs10CertificateRequest): CertificateRequestFacts {
  try {
    const { subjectName } = request;
    const field = (type: string): string[] => subjectName.getField(type);
    const commonNames = field('CN');
    return {
      commonName: commonNames.at(-1) ?? '',
      commonNameCount: commonNames.length,
      organizations: field('O'),
      otherSubject: Object.fromEntries(
        otherSubjectTypes.map((type) => [type, field(type)] as const).filter(([, values]) => values.length > 0),
      ),
      ...alternativeNamesOf(request),
      publicKey: Buffer.from(request.publicKey.rawData),
    };
  } catch (cause) {
    throw new Error('x509: malformed certificate request', { cause });
  }
}

function alternativeNamesOf(request: x509.Pkcs10CertificateRequest) {
  // The library's lists are arrays of its own classes.
  const names = Array.from(request.getExtensions(subjectAlternativeName)).flatMap((extension) => {
    if (!(extension instanceof x509.SubjectAlternativeNameExtension)) throw new Error('malformed names');
    return Array.from(extension.names.items);
  });
  const valuesOf = (type: string): string[] => names.filter((name) => name.type === type).map(({ value }) => value);
  const ipAddresses = valuesOf('ip');
  if (ipAddresses.some((address) => isIP(address) === 0)) throw new Error('an IP address of another length');
  return { dnsNames: valuesOf('dns'), ipAddresses, emailAddresses: valuesOf('email'), uris: valuesOf('url') };
}

/** What WebCrypto calls an algorithm. */
interface WebAlgorithm {
  readonly name: string;
  readonly hash?: unknown;
  readonly saltLength?: number;
}

function checkSignature(request: x509.Pkcs10CertificateRequest): void {
  const [algorithm, hash] = algorithmOf(request);
  if (hash === 'SHA-1' || hash === 'MD5') throw new Error(`x509: cannot verify signature: insecure algorithm ${hash}`);
  if (!isVerified(request, algorithm, hash)) throw new Error(`x509: ${algorithm.name} verification failure`);
}

function algorithmOf(request: x509.Pkcs10CertificateRequest): [WebAlgorithm, string | undefined] {
  try {
    const { hash } = request.signatureAlgorithm;
    const algorithm: WebAlgorithm = { name: 'unnamed', ...request.signatureAlgorithm };
    return [algorithm, typeof hash === 'object' && hash !== null && 'name' in hash ? String(hash.name) : undefined];
  } catch (cause) {
    throw new Error('x509: cannot verify signature: algorithm unimplemented', { cause });
  }
}

function isVerified(request: x509.Pkcs10CertificateRequest, algorithm: WebAlgorithm, hash: string | undefined) {
  try {
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    const pss = { padding: cryptoConstants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength };
    return verify(
      hash?.replace('-', '').toLowerCase(),
      signedPartOf(Buffer.from(request.rawData)),
      { key, ...(algorithm.name === 'RSA-PSS' && pss) },
      Buffer.from(request.signature),
    );
  } catch {
    return false; // a key of another kind than the signature's, or none at all
  }
}

/** What the signature is of: the first element of the outermost sequence, to the byte as it came. */
function signedPartOf(der: Buffer): Buffer {
  const start = bodyOf(der, 0).start;
  return der.subarray(start, bodyOf(der, start).end);
}

/** Where the content of the DER element at `at` begins and ends. */
function bodyOf(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der.readUInt8(at + 1);
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const lengthBytes = first & 0x7f;
  const start = at + 2 + lengthBytes;
  return { start, end: start + der.readUIntBE(at + 2, lengthBytes) };
}
