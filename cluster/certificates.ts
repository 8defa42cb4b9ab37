/**
 * The certificates of a cluster on this machine, as files of `<data-dir>/pki`: made once, kept while they are good,
 * made again when they are near their end, signed by another authority, or lack a name that is asked for now.
 */

import { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isInForce, lifeOfCertificate, renewalTime } from '../base/certificate-life.ts';
import type { CertificateRequest, KeyPair, KeyType } from '../base/certificates.ts';
import { ensurePrivateFolder } from '../base/private-folder.ts';
import { type KeyPairFiles, parseCertificate } from '../base/renewed-key-pair.ts';
import { type Authority, ensureAuthority, signerOf } from './authorities.ts';
import { filesOf, readPair, withPkiLock, writePair } from './pki-files.ts';

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
  readonly authority: Authority;
  /** Signs the certificates of kubelets' servers. */
  readonly kubeletAuthority: Authority;
  readonly etcdAuthority: Authority;
  /** Signs the certificates of those who may say who sends a request. */
  readonly frontProxyAuthority: Authority;
  /** With which the API server passes requests on to servers of other APIs. */
  readonly frontProxyClient: StoredKeyPair;
  /** Of an etcd that listens on the network: to clients, and to other members. */
  readonly etcdServer: StoredKeyPair;
  readonly etcdPeer: StoredKeyPair;
  /** With which the API server calls such an etcd. */
  readonly etcdClient: StoredKeyPair;
  readonly apiServer: StoredKeyPair;
  /** With which the API server calls kubelets, which let no other caller in. The API server itself gives it no rights. */
  readonly kubeletClient: StoredKeyPair;
  readonly kubeletServing: StoredKeyPair;
  readonly kubelet: StoredKeyPair;
  readonly controllerManager: StoredKeyPair;
  readonly scheduler: StoredKeyPair;
  readonly proxy: StoredKeyPair;
  readonly ingress: StoredKeyPair;
  readonly admin: StoredKeyPair;
}

/** Loads the certificates and makes those that are missing or no longer good. Idempotent. */
export async function ensureCertificates(options: CertificateOptions): Promise<ClusterCertificates> {
  await ensurePrivateFolder(options.folder);
  return await withPkiLock(options.folder, () => ensureAll(options));
}

async function ensureAll(options: CertificateOptions): Promise<ClusterCertificates> {
  const { folder, nodeName, now = Date.now(), validForMs } = options;
  const authority = await ensureAuthority(folder, 'ca', now);
  const kubeletAuthority = await ensureAuthority(folder, 'kubelet-ca', now);
  const etcdAuthority = await ensureAuthority(folder, 'etcd-ca', now);
  const frontProxyAuthority = await ensureAuthority(folder, 'front-proxy-ca', now);
  const authorities = {
    ca: authority,
    'kubelet-ca': kubeletAuthority,
    'etcd-ca': etcdAuthority,
    'front-proxy-ca': frontProxyAuthority,
  };
  const leaf = (name: string, asked: CertificateRequest) => {
    const request = validForMs === undefined ? asked : { ...asked, validForMs };
    return ensureLeaf({ folder, name, authority: authorities[signerOf(name)], request, now });
  };
  const client = (name: string, commonName: string, organizations: readonly string[] = [], keyType?: KeyType) =>
    leaf(name, { commonName, organizations, usages: ['client'], keyType });
  const host = {
    dnsNames: ['localhost', nodeName],
    ipAddresses: [...new Set(['127.0.0.1', ...options.serverAddresses])],
  };
  return {
    authority,
    kubeletAuthority,
    etcdAuthority,
    frontProxyAuthority,
    frontProxyClient: await client('front-proxy-client', 'front-proxy-client'),
    etcdServer: await leaf('etcd-server', { commonName: nodeName, ...host, usages: ['server'] }),
    // Members call each other, too.
    etcdPeer: await leaf('etcd-peer', { commonName: nodeName, ...host, usages: ['server', 'client'] }),
    etcdClient: await client('apiserver-etcd-client', 'kube-apiserver-etcd-client'),
    apiServer: await leaf('apiserver', serverRequest(options)),
    kubeletClient: await client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client'),
    kubeletServing: await leaf('kubelet-serving', {
      commonName: `system:node:${nodeName}`,
      organizations: ['system:nodes'],
      ...host,
      usages: ['server'],
    }),
    kubelet: await client('kubelet', `system:node:${nodeName}`, ['system:nodes']),
    controllerManager: await client('controller-manager', 'system:kube-controller-manager'),
    scheduler: await client('scheduler', 'system:kube-scheduler'),
    proxy: await client('proxy', 'system:kube-proxy'),
    ingress: await client('ingress', 'longshore:ingress'),
    // People give it to programs of others, of which some read keys of RSA only.
    admin: await client('admin', 'admin', ['system:masters'], 'rsa'),
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
  const { commonName, organizations = [], dnsNames = [], ipAddresses = [], keyType } = request;
  const subject = certificate.subject.split('\n');
  return (
    (keyType === undefined || certificate.publicKey.asymmetricKeyType === keyType) &&
    certificate.verify(new X509Certificate(authority.certificate).publicKey) &&
    isYoung(certificate, now) &&
    subject.includes(`CN=${commonName}`) &&
    // Neither fewer groups nor more: what somebody was once allowed they are not any longer.
    isDeepStrictEqual(groupsIn(subject), new Set(organizations)) &&
    dnsNames.every((one) => certificate.checkHost(one) !== undefined) &&
    ipAddresses.every((one) => certificate.checkIP(one) !== undefined)
  );
}

const groupsIn = (subject: readonly string[]): Set<string> =>
  new Set(subject.filter((one) => one.startsWith('O=')).map((one) => one.slice(2)));

function isYoung(certificate: X509Certificate, now: number): boolean {
  const life = lifeOfCertificate(certificate);
  return isInForce(life, now) && now < renewalTime(life);
}
