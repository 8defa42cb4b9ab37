/** The parts of a worker on this host: what they are started with, and the start. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { KeyPairFiles } from '../../base/renewed-key-pair.ts';
import { ensureServingFile, nodeCertificateFiles, startNodeCertificates } from '../../client/node-certificates.ts';
import { connectionAs, type WorkerSide } from '../cluster.ts';
import type { UpOptions } from '../cluster-options.ts';
import { startOnWorker } from '../components.ts';
import { lockCluster } from '../instance-lock.ts';
import type { WorkerRecord } from './worker-record.ts';

export interface WorkerOptions
  extends Pick<UpOptions, 'dataDir' | 'podMaxPids' | 'allowedUnsafeSysctls' | 'logLevel'> {}

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
  const kubeletServing = await load(await ensureServingFile({ folder, nodeName, clock: systemClock }));
  const certificateFile = authorityFileOf(options.dataDir);
  const authority = { bundle: await readFile(certificateFile, 'utf8'), certificateFile };
  const certificates = { authority, kubelet, kubeletServing, proxy: kubelet };
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
  running.push(await startOnWorker('kubelet', worker));
  running.push(
    startNodeCertificates({
      folder: pkiFolder(options.dataDir),
      nodeName,
      connection: connectionAs(worker, certificates.kubelet),
      serving: { dnsNames: [nodeName], ipAddresses: [nodeIp] },
      authorityFile: authorityFileOf(options.dataDir),
      clock: systemClock,
      logger,
    }),
  );
  running.push(await startOnWorker('proxy', worker));
}
