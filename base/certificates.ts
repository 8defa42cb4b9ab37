/** X.509 certificates of the cluster: an authority and what it signs (ECDSA P-256, RSA where others read the key), as PEM. */

import 'reflect-metadata';
import { createPrivateKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM: PKCS #8 (RSA: PKCS #1) where we made it, and what else is accepted: SEC 1. Secret. */
  readonly key: string;
}

export interface CertificateSubject {
  /** The user's name, for client certificates. */
  readonly commonName: string;
  /** The user's groups, for client certificates. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface CertificateRequest extends CertificateSubject {
  readonly usages: readonly ('server' | 'client')[];
  /** Default: one year. */
  readonly validForMs?: number;
  /** Default: an elliptic curve. RSA is what each client library of each language reads. */
  readonly keyType?: KeyType | undefined;
}

export type KeyType = 'ec' | 'rsa';

/** Of the keys that are made here. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsaAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** Clocks differ. A certificate that lives shorter than this is backdated by its life only. */
const longestBackdateMs = 5 * 60_000;
const extendedUsages = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };

/** A new self-signed authority, valid for ten years unless said otherwise. */
export async function createAuthority(
  commonName: string,
  now = Date.now(),
  validForMs = 3650 * dayMs,
): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  return {
    certificate: await signItself(commonName, keys, { now, validForMs }),
    key: await exportKey(keys.privateKey),
  };
}

/** The same key and name with a new life: what it has signed stays good, for whoever knows the new certificate. */
export async function renewAuthority({ certificate, key }: KeyPair, now = Date.now()): Promise<KeyPair> {
  const before = new x509.X509Certificate(certificate);
  const signer = await importKey(key);
  const publicKey = await before.publicKey.export(signer.algorithm, ['verify'], webcrypto);
  const keys = { privateKey: signer.key, publicKey };
  const [commonName = 'longshore-ca'] = before.subjectName.getField('CN');
  const life = { now, validForMs: 3650 * dayMs };
  return { certificate: await signItself(commonName, keys, life, signer.algorithm), key };
}

async function signItself(
  commonName: string,
  keys: webcrypto.CryptoKeyPair,
  { now, validForMs }: { readonly now: number; readonly validForMs: number },
  signingAlgorithm: SigningAlgorithm = keyAlgorithm,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf(commonName, []),
    ...lifeOf(validForMs, now),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** A certificate for a new key, signed by `authority`. Backdated: clocks differ. */
export async function issueCertificate(
  authority: KeyPair,
  request: CertificateRequest,
  now = Date.now(),
): Promise<KeyPair> {
  const { commonName, organizations = [], usages, validForMs = 365 * dayMs, keyType = 'ec' } = request;
  const issuer = new x509.X509Certificate(authority.certificate);
  const { publicKey, key, keyUsages } = await keyMakers[keyType]();
  const names = subjectAlternativeNames(request);
  const signer = await importKey(authority.key);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(commonName, organizations),
    issuer: issuer.subjectName,
    ...lifeOf(validForMs, now),
    signingAlgorithm: signer.algorithm,
    publicKey,
    signingKey: signer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsages, true),
      new x509.ExtendedKeyUsageExtension(usages.map((usage) => extendedUsages[usage])),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key };
}

interface MadeKey {
  readonly publicKey: webcrypto.CryptoKey;
  /** PEM. */
  readonly key: string;
  readonly keyUsages: x509.KeyUsageFlags;
}

const keyMakers: Readonly<Record<KeyType, () => Promise<MadeKey>>> = {
  async ec() {
    const { publicKey, privateKey } = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    return { publicKey, key: await exportKey(privateKey), keyUsages: x509.KeyUsageFlags.digitalSignature };
  },
  async rsa() {
    const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    return {
      publicKey: await webcrypto.subtle.importKey('spki', spki, rsaAlgorithm, true, ['verify']),
      key: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      keyUsages: x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
    };
  },
};

function lifeOf(validForMs: number, now: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - backdateOf(validForMs)), notAfter: new Date(now + validForMs) };
}

/** How long before it is signed a certificate begins. */
export const backdateOf = (validForMs: number): number =>
  validForMs > 0 ? Math.min(longestBackdateMs, validForMs) : longestBackdateMs;

export function subjectAlternativeNames({ dnsNames = [], ipAddresses = [] }: CertificateSubject) {
  return [
    ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...ipAddresses.map((value) => ({ type: 'ip', value }) as const),
  ];
}

export function nameOf(commonName: string, organizations: readonly string[]): x509.Name {
  return new x509.Name([...organizations.map((o) => ({ O: [plainText(o)] })), { CN: [plainText(commonName)] }]);
}

/** A value as it is: the library would take a `#`, quotes and backslashes for a notation. */
export const plainText = (value: string) =>
  x509.Name.isPrintableString(value) ? { printableString: value } : { utf8String: value };

/** 16 random bytes, positive as RFC 5280 asks. */
export function serialNumber(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

type SigningAlgorithm = { readonly name: string; readonly hash: string; readonly namedCurve?: string };

/** An authority's key, with the algorithm that it signs by. Throws for one of another kind than RSA and NIST's curves. */
export async function importKey(
  pem: string,
): Promise<{ readonly key: webcrypto.CryptoKey; readonly algorithm: SigningAlgorithm }> {
  const key = createPrivateKey(pem);
  const algorithm = signingAlgorithmOf(key);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return { key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}

const curves: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: keyAlgorithm,
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
};

function signingAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm {
  if (asymmetricKeyType === 'rsa') return rsaAlgorithm;
  const curve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) throw new Error(`An authority cannot have a key of the type ${asymmetricKeyType}`);
  return curve;
}
