/**
 * CONTRACT: the certificates of one node, which it asks the cluster for and renews by itself. For the kubelet's
 * `main.ts` (`--bootstrap-kubeconfig`) and for whatever makes a host a worker.
 *
 *   bootstrap token ──ensureNodeClient──► kubelet-client.pem ──startNodeCertificates──► renewed at two thirds of its life
 *                                                                                  ├──► kubelet-serving.pem, the same way
 *                                                                                  └──► ca.crt, as cluster-info has it
 *
 * - Files of `folder` (0700): `kubelet-client.pem` and `kubelet-serving.pem` (0600) hold a certificate and its key in one
 *   file, written in one step: no crash leaves a node without either. A `KeyPairFiles` and a kubeconfig name that file
 *   twice. Who uses them reads them again by itself (`RenewedKeyPair`): no restart, no failed request.
 * - `ensureNodeClient` is idempotent: it asks for nothing while there is a certificate in force for this node. Without
 *   one it asks with `bootstrap` and waits until it is signed; a cluster that is out of reach is asked again. Throws at
 *   once what asking again does not mend: CertificateRefusedError, Unauthorized, Forbidden.
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

export interface NodeCertificatesOptions extends NodeCertificateOptions {
  /** As the node: its `clientFiles` are `nodeCertificateFiles(folder).client`. */
  readonly connection: Connection;
  /** False: its client certificate is somebody else's to renew. Default true. */
  readonly keepsClient?: boolean;
  /** For a client certificate that has run out while the node was away. */
  readonly bootstrap?: Connection | undefined;
  /** Of the kubelet's server: what the Node object will have. Absent: the kubelet was given a certificate. */
  readonly serving?: Pick<CertificateAsk, 'dnsNames' | 'ipAddresses'> | undefined;
  /** Kept as the cluster has it. */
  readonly authorityFile?: string | undefined;
}

const temporaryLifeMs = 3_600_000;

export function nodeCertificateFiles(folder: string): {
  readonly client: KeyPairFiles;
  readonly serving: KeyPairFiles;
} {
  const both = (name: string) => ({ certificateFile: join(folder, name), keyFile: join(folder, name) });
  return { client: both('kubelet-client.pem'), serving: both('kubelet-serving.pem') };
}

export async function ensureNodeClient(options: NodeClientOptions): Promise<KeyPairFiles> {
  const { folder, nodeName, clock, logger, signal } = options;
  await ensurePrivateFolder(folder);
  const files = nodeCertificateFiles(folder).client;
  const kept = await readPairFile(files.keyFile);
  if (kept !== undefined && isOf(nodeName, kept) && isInForce(lifeOfCertificate(kept.certificate), clock.now()))
    return files;
  const client = connect(options.bootstrap, options);
  try {
    for (let failures = 1; ; failures += 1) {
      try {
        await writePairFile(files.keyFile, await requestCertificate(client, clientAsk(options), { clock, signal }));
        return files;
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error;
        logger.warn('This node has no client certificate yet; asking again', { error });
        await clock.sleep(computeBackoffMs(failures, certificateRetries), signal);
      }
    }
  } finally {
    await client.close();
  }
}

export function startNodeCertificates(options: NodeCertificatesOptions): Running {
  const { serving, authorityFile, keepsClient = true } = options;
  return startLoop('node-certificates', async (signal) => {
    const loops = keepsClient ? [keepCertificate(keptClient(options), signal)] : [];
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
  const { folder, nodeName, authorityFile, bootstrap, clock } = options;
  const file = nodeCertificateFiles(folder).client.keyFile;
  return {
    ...options,
    file,
    ask: clientAsk(options),
    async isUnfit(pair) {
      if (!isOf(nodeName, pair)) return true;
      return authorityFile !== undefined && !(await isSignedByFirst(pair.certificate, authorityFile));
    },
    async connect() {
      const pair = await readPairFile(file);
      const isOver = pair === undefined || !isInForce(lifeOfCertificate(pair.certificate), clock.now());
      return connect(isOver && bootstrap !== undefined ? bootstrap : options.connection, options);
    },
  };
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
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    usages: ['digital signature', usage],
    expirationSeconds,
  };
}

function isOf(nodeName: string, { certificate }: KeyPair): boolean {
  return new X509Certificate(certificate).subject.split('\n').includes(`CN=system:node:${nodeName}`);
}

const connect = (connection: Connection, { logger }: Pick<NodeCertificateOptions, 'logger'>): Client =>
  createRestClient(connection, { userAgent: userAgentOf('longshore-kubelet'), logger });

const isFinal = (error: unknown): boolean =>
  error instanceof CertificateRefusedError || isUnauthorized(error) || isForbidden(error);
