/**
 * The authorities that the cluster trusts, as it publishes them: the ConfigMap `kube-public/cluster-info`, whose key
 * `kubeconfig` holds a kubeconfig that names nobody. The first certificate of the bundle is the one that signs now.
 */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { clusterInfo } from '../api/joining-tokens.ts';
import { isRecord } from '../api/json-record.ts';
import { configMaps } from '../api/resources/core.ts';
import { isForbidden, isUnauthorized } from '../api/status-error.ts';
import type { Clock } from '../base/clock.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import type { Logger } from '../base/logger.ts';
import { certificatesOf } from '../base/pem.ts';
import { writeAtomically } from '../base/write-atomically.ts';
import type { Reader } from './client.ts';
import type { Connection } from './connection.ts';
import { ifPresent } from './if-present.ts';
import { createRestClient } from './rest-client.ts';

export interface FollowedAuthority {
  readonly file: string;
  /** Its servers are asked, as nobody. */
  readonly connection: Connection;
  readonly clock: Clock;
  readonly logger: Logger;
}

const everyMs = 30_000;

/** Keeps `file` as the cluster has it, until `signal` aborts. Never rejects. */
export async function followAuthority(options: FollowedAuthority, signal: AbortSignal): Promise<void> {
  const { file, clock, logger } = options;
  while (!signal.aborted) {
    try {
      const published = await readPublished(options);
      if (published !== undefined && published !== (await ifFilePresent(readFile(file, 'utf8')))) {
        await writeAtomically(file, published, 0o644);
        logger.info('The authorities of the cluster are others now', { file });
      }
    } catch (error) {
      logger.debug('The authorities of the cluster could not be read; trying again', { error });
    }
    await clock.sleep(everyMs, signal);
  }
}

/**
 * As nobody, as everybody may; as the node where that is refused. A server that the authorities known so far do not vouch
 * for is not believed: the connection fails.
 */
async function readPublished({ connection, logger }: FollowedAuthority): Promise<string | undefined> {
  const { clientCertificate: _certificate, clientKey: _key, clientFiles: _files, ...nobody } = connection;
  try {
    return await readAs(nobody, logger);
  } catch (error) {
    if (isForbidden(error) || isUnauthorized(error)) return await readAs(connection, logger);
    throw error;
  }
}

async function readAs(connection: Connection, logger: Logger): Promise<string | undefined> {
  const client = createRestClient(connection, { userAgent: 'longshore-kubelet', logger });
  try {
    return await readAuthorities(client);
  } finally {
    await client.close();
  }
}

/** PEM; undefined when the cluster publishes none. */
export async function readAuthorities(client: Pick<Reader, 'get'>): Promise<string | undefined> {
  const found = await ifPresent(client.get(configMaps, clusterInfo));
  return found?.data?.kubeconfig === undefined ? undefined : authoritiesIn(found.data.kubeconfig);
}

/** Only certificates of authorities, each whole: half a bundle would cut a node off. */
export function authoritiesIn(kubeconfig: string): string | undefined {
  const root = load(kubeconfig);
  const [first] = isRecord(root) && Array.isArray(root.clusters) ? root.clusters : [];
  const cluster = isRecord(first) && isRecord(first.cluster) ? first.cluster : {};
  const data = cluster['certificate-authority-data'];
  const bundle = certificatesOf(typeof data === 'string' ? Buffer.from(data, 'base64').toString() : '');
  const isAuthority = bundle.length > 0 && bundle.every((one) => new X509Certificate(one).ca);
  return isAuthority ? bundle.join('') : undefined;
}

/** Whether the authority that signs now has signed it. True where there is nothing to compare with. */
export async function isSignedByFirst(certificate: string, authorityFile: string): Promise<boolean> {
  const [first] = certificatesOf((await ifFilePresent(readFile(authorityFile, 'utf8'))) ?? '');
  return first === undefined || new X509Certificate(certificate).verify(new X509Certificate(first).publicKey);
}
