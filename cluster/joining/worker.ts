/** The parts of a worker on this host: what they are started with, and the start. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { KeyPairFiles } from '../../base/renewed-key-pair.ts';
import { UserError } from '../../base/user-error.ts';
import { userAgentOf } from '../../base/version.ts';
import {
  ensureProxyClient,
  ensureServingFile,
  nodeCertificateFiles,
  type ProxyClientOptions,
  startNodeCertificates,
} from '../../client/node-certificates.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { connectionAs, type WorkerSide } from '../cluster.ts';
import type { UpOptions } from '../cluster-options.ts';
import { startOnWorker } from '../components.ts';
import { lockCluster } from '../instance-lock.ts';
import type { WorkerRecord } from './worker-record.ts';

const proxyCertificateMs = 30_000;

export interface WorkerOptions
  extends Pick<UpOptions, 'dataDir' | 'cgroupsPerQos' | 'podManifestPath' | 'kubelet' | 'resolvConf' | 'logLevel'> {}

/** As `up` has them, for a host with nothing but the kubelet and the proxy. */
export function upOptionsOf(options: WorkerOptions, record: Omit<WorkerRecord, 'server' | 'isRemoved'>): UpOptions {
  const { settings, ...place } = record;
  return {
    ...settings,
    ...place,
    ...options,
    only: new Set(['kubelet', 'proxy']),
    etcdServers: [],
    securePort: 0,
    bindAddress: '',
    demo: false,
    acceptOlderData: false,
    takeOver: false,
    registryPort: 0,
    certificateLifeMs: undefined,
    encryptionProviderConfig: undefined,
    acceptUnreadableSecrets: false,
  };
}

export const pkiFolder = (dataDir: string): string => join(dataDir, 'pki');
export const authorityFileOf = (dataDir: string): string => join(pkiFolder(dataDir), 'ca.crt');

/** It has a client certificate. */
export async function loadWorker(options: WorkerOptions, record: WorkerRecord, logger: Logger): Promise<WorkerSide> {
  const { nodeName, nodeIp, server } = record;
  const folder = pkiFolder(options.dataDir);
  const files = nodeCertificateFiles(folder);
  const kubelet = await load(files.client);
  // Until it has one of its own; nothing is started with it.
  const proxy = await load(files.proxy).catch(() => kubelet);
  const kubeletServing = await load(await ensureServingFile({ folder, nodeName, clock: systemClock }));
  const certificateFile = authorityFileOf(options.dataDir);
  const authority = { bundle: await readFile(certificateFile, 'utf8'), certificateFile };
  const certificates = { authority, kubelet, kubeletServing, proxy };
  return { options: upOptionsOf(options, record), nodeName, nodeIp, server, certificates, logger };
}

async function load(files: KeyPairFiles) {
  const text = await readFile(files.certificateFile, 'utf8');
  return { certificate: text, key: text, ...files };
}

/** Adds what it starts to `running`. */
export async function startWorker(worker: WorkerSide, clusterId: string, running: Running[]): Promise<void> {
  const { options, nodeName, nodeIp, logger, certificates } = worker;
  const lock = await lockCluster(clusterId);
  running.push({ name: 'lock', done: new Promise(() => {}), stop: () => lock.release() });
  const asNode = {
    folder: pkiFolder(options.dataDir),
    nodeName,
    connection: connectionAs(worker, certificates.kubelet),
    clock: systemClock,
    logger,
  };
  running.push(await startOnWorker('kubelet', worker));
  running.push(
    startNodeCertificates({
      ...asNode,
      keepsProxy: true,
      serving: { dnsNames: [nodeName], ipAddresses: [nodeIp] },
      authorityFile: authorityFileOf(options.dataDir),
    }),
  );
  const proxy = await load(await proxyFiles(asNode));
  running.push(await startOnWorker('proxy', { ...worker, certificates: { ...certificates, proxy } }));
}

/** All nodes as the proxy of this host sees them; undefined: it has no certificate yet. */
export async function nodesSeenByProxy(worker: WorkerSide): Promise<readonly Node[] | undefined> {
  const pair = await load(nodeCertificateFiles(pkiFolder(worker.options.dataDir)).proxy).catch(() => undefined);
  if (pair === undefined) return undefined;
  const client = createRestClient(connectionAs(worker, pair), {
    userAgent: userAgentOf('longshore-node'),
    logger: worker.logger,
  });
  try {
    return (await client.list<Node>(nodes)).items;
  } finally {
    await client.close();
  }
}

/** The kubelet has told of the node by then, or does it in a moment. */
async function proxyFiles(asNode: Omit<ProxyClientOptions, 'signal'>): Promise<KeyPairFiles> {
  try {
    return await ensureProxyClient({ ...asNode, signal: AbortSignal.timeout(proxyCertificateMs) });
  } catch (cause) {
    throw new UserError(
      `The cluster gave this host no certificate for its proxy: ${errorText(cause)}. Is the controller manager running on a ` +
        'master? "kubecfg get certificatesigningrequests" shows there what waits. Then run this again.',
      { cause },
    );
  }
}
