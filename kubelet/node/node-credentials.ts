/**
 * Who a kubelet is, and how it proves that: by a kubeconfig that is there; else by the certificate that it asks for with a
 * bootstrap kubeconfig, after which it writes the kubeconfig, and does not need the other again. See the contract in
 * `client/node-certificates.ts`.
 */

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { ensurePrivateFolder } from '../../base/private-folder.ts';
import { readBundle } from '../../base/renewed-authority.ts';
import type { KeyPairFiles } from '../../base/renewed-key-pair.ts';
import { UserError } from '../../base/user-error.ts';
import { writeAtomically } from '../../base/write-atomically.ts';
import type { Connection } from '../../client/connection.ts';
import { readKubeconfig } from '../../client/kubeconfig.ts';
import {
  ensureNodeClient,
  ensureServingFile,
  nodeCertificateFiles,
  startNodeCertificates,
} from '../../client/node-certificates.ts';

export interface NodeCredentialsOptions {
  readonly kubeconfig: string;
  /** Holds a token that may ask for a node's certificate. */
  readonly bootstrapKubeconfig?: string | undefined;
  /** Where certificates are kept that were asked for. */
  readonly certificateFolder: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Of the kubelet's server. Absent: it is asked for. */
  readonly serving?: KeyPairFiles | undefined;
  /** Of those who may call the kubelet. Absent: the cluster's, as the cluster says. */
  readonly authorityFile?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface NodeCredentials {
  readonly connection: Connection;
  readonly serving: KeyPairFiles;
  readonly authorityFile: string;
  /** Keeps them renewed. */
  readonly renewal: Running;
}

export async function openNodeCredentials(options: NodeCredentialsOptions): Promise<NodeCredentials> {
  const { kubeconfig, certificateFolder: folder, nodeName, nodeIp, clock, logger, signal } = options;
  await ensurePrivateFolder(folder);
  const ownAuthority = join(folder, 'ca.crt');
  const node = { folder, nodeName, clock, logger };
  const bootstrap = await readIfPresent(options.bootstrapKubeconfig);
  if (!existsSync(kubeconfig)) {
    if (bootstrap === undefined)
      throw new UserError(`There is no ${kubeconfig}, and no --bootstrap-kubeconfig to ask with`);
    const client = await ensureNodeClient({ ...node, bootstrap, signal });
    await ensureAuthorityFile(ownAuthority, bootstrap);
    await writeKubeconfig(kubeconfig, { servers: bootstrap.servers, authorityFile: ownAuthority, client });
  }
  let connection = await readKubeconfig(kubeconfig);
  const { client: ownFiles, serving: servingFiles } = nodeCertificateFiles(folder);
  const isOwn = connection.clientFiles?.keyFile === ownFiles.keyFile;
  if (isOwn && bootstrap !== undefined) {
    // One that has run out while the node was away is asked for anew.
    await ensureNodeClient({ ...node, bootstrap, signal });
    connection = await readKubeconfig(kubeconfig);
  }
  const serving = options.serving ?? servingFiles;
  if (options.serving === undefined) await ensureServingFile(node);
  if (options.authorityFile === undefined) await ensureAuthorityFile(ownAuthority, connection);
  const renewal = startNodeCertificates({
    ...node,
    connection,
    bootstrap,
    keepsClient: isOwn,
    serving: options.serving === undefined ? { dnsNames: [nodeName], ipAddresses: [nodeIp] } : undefined,
    authorityFile: existsSync(ownAuthority) ? ownAuthority : undefined,
  });
  return { connection, serving, authorityFile: options.authorityFile ?? ownAuthority, renewal };
}

/** It may be taken away once it was used. */
async function readIfPresent(kubeconfig: string | undefined): Promise<Connection | undefined> {
  return kubeconfig === undefined || !existsSync(kubeconfig) ? undefined : await readKubeconfig(kubeconfig);
}

async function ensureAuthorityFile(file: string, { certificateAuthority }: Connection): Promise<void> {
  if ((await ifFilePresent(readBundle(file))) !== undefined) return;
  if (certificateAuthority === undefined)
    throw new UserError('The kubeconfig names no certificate-authority, and there is no --client-ca-file');
  await writeAtomically(file, certificateAuthority, 0o644);
}

interface Written {
  readonly servers: readonly string[];
  readonly authorityFile: string;
  readonly client: KeyPairFiles;
}

/** JSON is YAML, too. */
async function writeKubeconfig(path: string, { servers, authorityFile, client }: Written): Promise<void> {
  const user = { 'client-certificate': client.certificateFile, 'client-key': client.keyFile };
  const cluster = { server: servers.join(','), 'certificate-authority': authorityFile };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'longshore', cluster }],
    users: [{ name: 'kubelet', user }],
    contexts: [{ name: 'longshore', context: { cluster: 'longshore', user: 'kubelet' } }],
    'current-context': 'longshore',
  };
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, `${JSON.stringify(config, undefined, 2)}\n`, 0o600);
}
