/**
 * CONTRACT: the certificates of one node, which it asks the cluster for and renews by itself. For the kubelet's
 * `main.ts` (`--bootstrap-kubeconfig`) and for whatever makes a host a worker.
 *
 *   bootstrap token ──ensureNodeClient──► kubelet-client.pem ──startNodeCertificates──► renewed at two thirds of its life
 *                    (as the node) ──ensureProxyClient──► kube-proxy-client.pem ──┤──► renewed, the same way
 *                                                                                  ├──► kubelet-serving.pem, the same way
 *                                                                                  └──► ca.crt, as cluster-info has it
 *
 * - Files of `folder` (0700): `kubelet-client.pem`, `kube-proxy-client.pem` and `kubelet-serving.pem` (0600) hold a
 *   certificate and its key in one file, written in one step: no crash leaves a node without either. A `KeyPairFiles` and a kubeconfig name that file
 *   twice. Who uses them reads them again by itself (`RenewedKeyPair`): no restart, no failed request.
 * - `ensureNodeClient` is idempotent: it asks for nothing while there is a certificate in force for this node. Without
 *   one it asks with `bootstrap` and waits until it is signed; a cluster that is out of reach is asked again. Throws at
 *   once what asking again does not mend: CertificateRefusedError, Unauthorized, Forbidden. `ensureProxyClient` is the
 *   same for the proxy of the node: it is `system:kube-proxy`, so that kubelets need no rights of proxies. The cluster
 *   approves it once there is the Node.
 * - `startNodeCertificates` never ends by itself and never throws. The cluster approves what a node asks for itself
 *   (selfnodeclient; a serving certificate for its own name and the addresses of its Node object, once that is there).
 *   Until there is a serving certificate the file holds a self-signed one, which the API server refuses.
 * - `authorityFile`, when given, is kept as `kube-public/cluster-info` says (`cluster-authority.ts`): that is how nodes
 *   hear of a new authority. A bundle's first certificate signs now: a client certificate of another is renewed soon.
 */

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { isForbidden, isUnauthorized } from '../api/status-error.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import { isInForce, lifeOfCertificate } from '../base/certificate-life.ts';
import type { KeyPair } from '../base/certificates.ts';
import { type Running, startLoop } from '../base/lifecycle.ts';
import { ensurePrivateFolder } from '../base/private-folder.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from './client.ts';
import { followAuthority, isSignedByFirst } from './cluster-authority.ts';
import type { Connection } from './connection.ts';
import {
  certificateRetries,
  type KeptCertificate,
  keepCertificate,
  readPairFile,
  writePairFile,
} from './kept-certificate.ts';
import { type CertificateAsk, CertificateRefusedError, requestCertificate } from './requested-certificate.ts';
import { createRestClient } from './rest-client.ts';

export interface NodeCertificateOptions extends Pick<KeptCertificate, 'clock' | 'logger'> {
  /** Holds the files, and nothing else. */
  readonly folder: string;
  readonly nodeName: string;
  /** How long certificates should be good. Default: what the signer gives. */
  readonly expirationSeconds?: number | undefined;
}

export interface NodeClientOptions extends NodeCertificateOptions {
  /** How to reach the API servers with a bootstrap token. */
  readonly bootstrap: Connection;
  readonly signal: AbortSignal;
}

export interface ProxyClientOptions extends NodeCertificateOptions {
  /** As the node. */
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

export interface NodeCertificatesOptions extends NodeCertificateOptions {
  /** As the node: its `clientFiles` are `nodeCertificateFiles(folder).client`. */
  readonly connection: Connection;
  /** False: its client certificate is somebody else's to renew. Default true. */
  readonly keepsClient?: boolean;
  /** The proxy of the node has a certificate of its own, too (`ensureProxyClient`). Default false. */
  readonly keepsProxy?: boolean;
  /** For a client certificate that has run out while the node was away. */
  readonly bootstrap?: Connection | undefined;
  /** Of the kubelet's server: what the Node object will have. Absent: the kubelet was given a certificate. */
  readonly serving?: Pick<CertificateAsk, 'dnsNames' | 'ipAddresses'> | undefined;
  /** Kept as the cluster has it. */
  readonly authorityFile?: string | undefined;
}

const temporaryLifeMs = 3_600_000;

export interface NodeCertificateFiles {
  readonly client: KeyPairFiles;
  readonly proxy: KeyPairFiles;
  readonly serving: KeyPairFiles;
}

export function nodeCertificateFiles(folder: string): NodeCertificateFiles {
  const both = (name: string) => ({ certificateFile: join(folder, name), keyFile: join(folder, name) });
  return {
    client: both('kubelet-client.pem'),
    proxy: both('kube-proxy-client.pem'),
    serving: both('kubelet-serving.pem'),
  };
}

export async function ensureNodeClient(options: NodeClientOptions): Promise<KeyPairFiles> {
  const files = nodeCertificateFiles(options.folder).client;
  const asked = { ...options, connection: options.bootstrap };
  await ensureClient(asked, { file: files.keyFile, ask: clientAsk(options), user: userOfNode(options.nodeName) });
  return files;
}

export async function ensureProxyClient(options: ProxyClientOptions): Promise<KeyPairFiles> {
  const files = nodeCertificateFiles(options.folder).proxy;
  await ensureClient(options, { file: files.keyFile, ask: proxyAsk(options), user: proxyUser });
  return files;
}

interface WantedClient {
  readonly file: string;
  readonly ask: CertificateAsk;
  readonly user: string;
}

async function ensureClient(options: ProxyClientOptions, { file, ask, user }: WantedClient): Promise<void> {
  const { folder, clock, logger, signal } = options;
  await ensurePrivateFolder(folder);
  const kept = await readPairFile(file);
  if (kept !== undefined && isOf(user, kept) && isInForce(lifeOfCertificate(kept.certificate), clock.now())) return;
  const client = connect(options.connection, options);
  try {
    for (let failures = 1; ; failures += 1) {
      try {
        await writePairFile(file, await requestCertificate(client, ask, { clock, signal }));
        return;
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error;
        logger.warn('There is no client certificate yet; asking again', { user, error });
        await clock.sleep(computeBackoffMs(failures, certificateRetries), signal);
      }
    }
  } finally {
    await client.close();
  }
}

export function startNodeCertificates(options: NodeCertificatesOptions): Running {
  const { serving, authorityFile, keepsClient = true, keepsProxy = false } = options;
  return startLoop('node-certificates', async (signal) => {
    const loops = keepsClient ? [keepCertificate(keptClient(options), signal)] : [];
    if (keepsProxy) loops.push(keepCertificate(keptProxy(options), signal));
    if (serving !== undefined) loops.push(keepCertificate(await keptServing(options, serving), signal));
    if (authorityFile !== undefined) loops.push(followAuthority({ ...options, file: authorityFile }, signal));
    await Promise.all(loops);
  });
}

/** A server has to have something to listen with: the file of the serving certificate is there afterwards. */
export async function ensureServingFile({
  folder,
  nodeName,
  clock,
}: Pick<NodeCertificateOptions, 'folder' | 'nodeName' | 'clock'>): Promise<KeyPairFiles> {
  await ensurePrivateFolder(folder);
  const files = nodeCertificateFiles(folder).serving;
  if ((await readPairFile(files.keyFile)) !== undefined) return files;
  const { createAuthority } = await import('../base/certificates.ts');
  const now = clock.now();
  await writePairFile(files.keyFile, await createAuthority(`${nodeName}@${now}`, now, temporaryLifeMs));
  return files;
}

function keptClient(options: NodeCertificatesOptions): KeptCertificate {
  const { folder, nodeName, bootstrap, clock } = options;
  const file = nodeCertificateFiles(folder).client.keyFile;
  return {
    ...options,
    file,
    ask: clientAsk(options),
    isUnfit: (pair) => isUnfitClient(pair, userOfNode(nodeName), options),
    async connect() {
      const pair = await readPairFile(file);
      const isOver = pair === undefined || !isInForce(lifeOfCertificate(pair.certificate), clock.now());
      return connect(isOver && bootstrap !== undefined ? bootstrap : options.connection, options);
    },
  };
}

function keptProxy(options: NodeCertificatesOptions): KeptCertificate {
  return {
    ...options,
    file: nodeCertificateFiles(options.folder).proxy.keyFile,
    ask: proxyAsk(options),
    isUnfit: (pair) => isUnfitClient(pair, proxyUser, options),
    connect: async () => connect(options.connection, options),
  };
}

async function isUnfitClient(
  pair: KeyPair,
  user: string,
  { authorityFile }: NodeCertificatesOptions,
): Promise<boolean> {
  if (!isOf(user, pair)) return true;
  return authorityFile !== undefined && !(await isSignedByFirst(pair.certificate, authorityFile));
}

async function keptServing(
  options: NodeCertificatesOptions,
  serving: NonNullable<NodeCertificatesOptions['serving']>,
): Promise<KeptCertificate> {
  const { keyFile: file } = await ensureServingFile(options);
  const { dnsNames = [], ipAddresses = [] } = serving;
  return {
    ...options,
    file,
    ask: { ...askOf(options, 'kubernetes.io/kubelet-serving', 'server auth'), ...serving },
    isUnfit({ certificate: text }) {
      const certificate = new X509Certificate(text);
      const isComplete =
        dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
        ipAddresses.every((address) => certificate.checkIP(address) !== undefined);
      return certificate.ca || !isComplete;
    },
    connect: async () => connect(options.connection, options),
  };
}

const clientAsk = (options: NodeCertificateOptions): CertificateAsk =>
  askOf(options, 'kubernetes.io/kube-apiserver-client-kubelet', 'client auth');

function askOf(
  { nodeName, expirationSeconds }: NodeCertificateOptions,
  signerName: string,
  usage: string,
): CertificateAsk {
  return {
    signerName,
    commonName: userOfNode(nodeName),
    organizations: ['system:nodes'],
    usages: ['digital signature', usage],
    expirationSeconds,
  };
}

const userOfNode = (nodeName: string): string => `system:node:${nodeName}`;

const proxyUser = 'system:kube-proxy';

const proxyAsk = ({ expirationSeconds }: NodeCertificateOptions): CertificateAsk => ({
  signerName: 'longshore.dev/kube-proxy-client',
  commonName: proxyUser,
  organizations: [],
  usages: ['digital signature', 'client auth'],
  expirationSeconds,
});

function isOf(user: string, { certificate }: KeyPair): boolean {
  return new X509Certificate(certificate).subject.split('\n').includes(`CN=${user}`);
}

const connect = (connection: Connection, { logger }: Pick<NodeCertificateOptions, 'logger'>): Client =>
  createRestClient(connection, { userAgent: userAgentOf('longshore-kubelet'), logger });

const isFinal = (error: unknown): boolean =>
  error instanceof CertificateRefusedError || isUnauthorized(error) || isForbidden(error);
