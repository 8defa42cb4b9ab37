/** What all components of a cluster on this machine share: who and where they are, and how they prove it. */

import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Connection } from '../client/connection.ts';
import { type ClusterCertificates, ensureCertificates, type StoredKeyPair } from './certificates.ts';
import type { UpOptions } from './cluster-options.ts';
import { defaultNodeIp, defaultNodeName, hostAddresses } from './host.ts';
import { type componentUsers, writeKubeconfig } from './kubeconfig.ts';

export interface Cluster {
  readonly options: UpOptions;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly certificates: ClusterCertificates;
  readonly logger: Logger;
  /** The administrator's, for users. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:6443` */
  readonly server: string;
}

/** What the components of a worker need, wherever its masters are. */
export interface WorkerSide {
  readonly options: Omit<
    UpOptions,
    'etcdServers' | 'securePort' | 'bindAddress' | 'only' | 'demo' | 'registryPort' | 'certificateLifeMs'
  >;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly certificates: WorkerCertificates;
  readonly logger: Logger;
  readonly server: string;
}

export interface WorkerCertificates extends Pick<ClusterCertificates, 'kubelet' | 'kubeletServing' | 'proxy'> {
  readonly authority: Pick<ClusterCertificates['authority'], 'bundle' | 'certificateFile'>;
}

/** Certificates and kubeconfigs under the data directory; nothing is started. Idempotent. */
export async function prepareCluster(options: UpOptions, logger: Logger): Promise<Cluster> {
  const { dataDir, securePort, serviceCidr } = options;
  const nodeName = options.nodeName ?? defaultNodeName();
  const nodeIp = options.nodeIp ?? (await defaultNodeIp());
  const certificates = await ensureCertificates({
    folder: join(dataDir, 'pki'),
    nodeName,
    serverNames: [nodeName],
    serverAddresses: [nodeIp, ...hostAddresses(), firstAddressOf(serviceCidr)],
    ...(options.certificateLifeMs !== undefined && { validForMs: options.certificateLifeMs }),
  });
  const kubeconfig = join(dataDir, 'admin.kubeconfig');
  const server = `https://127.0.0.1:${securePort}`;
  const cluster = { options, nodeName, nodeIp, certificates, logger, kubeconfig, server };
  await writeKubeconfigs(cluster);
  return cluster;
}

/** The connection of one of the cluster's own users. */
export function connectionAs(
  { server, certificates }: Pick<WorkerSide, 'server' | 'certificates'>,
  client: StoredKeyPair,
): Connection {
  return {
    servers: [server],
    certificateAuthority: certificates.authority.bundle,
    authorityFile: certificates.authority.certificateFile,
    clientCertificate: client.certificate,
    clientKey: client.key,
    clientFiles: client,
  };
}

/**
 * Also for the components, so that each can be run on its own by its `main.ts`: these name the files of the certificate
 * and of the authority, which are renewed in place. The administrator's holds it, to be taken elsewhere.
 */
async function writeKubeconfigs({ options, server, certificates, kubeconfig }: Cluster): Promise<void> {
  const users: Record<(typeof componentUsers)[number], { certificateFile: string; keyFile: string }> = {
    'controller-manager': certificates.controllerManager,
    scheduler: certificates.scheduler,
    kubelet: certificates.kubelet,
    proxy: certificates.proxy,
    ingress: certificates.ingress,
  };
  const { bundle, certificateFile: authorityFile } = certificates.authority;
  const { certificate, key } = certificates.admin;
  const admin = { server, certificateAuthority: bundle, user: 'admin', client: { certificate, key } };
  await writeKubeconfig(kubeconfig, admin);
  for (const [user, { certificateFile, keyFile }] of Object.entries(users)) {
    const client = { certificateFile, keyFile };
    const own = { server, certificateAuthority: { authorityFile }, user, client };
    await writeKubeconfig(join(options.dataDir, `${user}.kubeconfig`), own);
  }
}

/** `10.96.0.0/16` → `10.96.0.1`: the API server's own Service. */
export const firstAddressOf = (cidr: string): string => addressIn(cidr, 1);

/** `10.96.0.0/16` → `10.96.0.10`: the cluster's DNS; undefined: the range is too small to have one. */
export function dnsAddressOf(cidr: string): string | undefined {
  return Number(cidr.split('/')[1]) <= 28 ? addressIn(cidr, 10) : undefined;
}

function addressIn(cidr: string, position: number): string {
  const [address = ''] = cidr.split('/');
  const octets = address.split('.').map(Number);
  return [...octets.slice(0, 3), (octets[3] ?? 0) + position].join('.');
}
