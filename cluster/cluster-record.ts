/**
 * What a data directory remembers of its cluster: who it is, and what it took of the machine. It tells a cluster from
 * another one before anything is changed, also while nothing runs, and `down` what to remove.
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namespaces } from '../api/resources/core.ts';
import type { Clock } from '../base/clock.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { type Running, startLoop } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { UserError } from '../base/user-error.ts';
import { writeAtomically } from '../base/write-atomically.ts';
import type { Client } from '../client/client.ts';

export interface ClusterRecord {
  /** See `client/cluster-id.ts`. */
  readonly id: string;
  readonly nodeName: string;
  /** Where the cluster is at home: in a copy of the directory it is another one. Builds before wrote none. */
  readonly dataDir?: string;
  /** Of the Docker network, the bridge and the nftables table. */
  readonly networkName: string;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  /** Of the store, when it was last looked at: it never goes back, unless an older copy is put in its place. */
  readonly revision: number;
}

export const recordFile = 'cluster.json';

export async function readRecord(dataDir: string): Promise<ClusterRecord | undefined> {
  const file = join(dataDir, recordFile);
  const text = await ifFilePresent(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    // What `writeRecord` has written, as far as it has an id.
    const record = JSON.parse(text) as Partial<ClusterRecord> | null;
    if (typeof record?.id === 'string') return record as ClusterRecord;
  } catch {
    // Told below.
  }
  throw new UserError(
    `${file}, which says which cluster this is, cannot be read. Restore it from a backup; without one, move it away: ` +
      'the next start asks the cluster, and nothing is lost.',
  );
}

export async function writeRecord(dataDir: string, record: ClusterRecord): Promise<void> {
  await writeAtomically(join(dataDir, recordFile), `${JSON.stringify(record, undefined, 2)}\n`, 0o644);
}

/** Whether a build before there were records kept a cluster here. A folder of that name alone proves nothing. */
export const holdsOldCluster = (dataDir: string): boolean =>
  ['pki/ca.crt', 'admin.kubeconfig'].every((name) => existsSync(join(dataDir, name)));

/** Throws when the store of a cluster that was here is gone: an empty one would be another cluster. */
export function checkStoreIsThere(dataDir: string, record: ClusterRecord | undefined): void {
  const data = join(dataDir, 'etcd', 'data');
  if (record === undefined || existsSync(join(data, 'member'))) return;
  throw new UserError(
    `${data} is empty, but the cluster of ${dataDir} kept its objects there. Put a backup of it in its place. ` +
      'Containers go on running meanwhile, and nothing was changed. A new cluster needs a folder of its own: --data-dir.',
  );
}

export interface StoreIdentity {
  readonly id: string;
  readonly revision: number;
}

export interface IdentityCheck {
  readonly dataDir: string;
  readonly record: ClusterRecord | undefined;
  readonly found: StoreIdentity;
  readonly acceptOlderData: boolean;
}

/** A sentence when the store is not the one that this data directory knows; undefined: it is. Pure. */
export function whyNotTheSame({ dataDir, record, found, acceptOlderData }: IdentityCheck): string | undefined {
  if (record === undefined) return undefined;
  if (record.id !== found.id) {
    return (
      `${dataDir} belongs to cluster ${record.id}, but this etcd keeps cluster ${found.id}. No container was touched. ` +
      'Look at --data-dir and --etcd-servers; if etcd was restored, it was from a backup of another cluster.'
    );
  }
  if (found.revision >= record.revision || acceptOlderData) return undefined;
  return (
    `The data of etcd are older (revision ${found.revision}) than what this cluster had (revision ${record.revision}): ` +
    'a backup was restored. It does not know the pods that were made since, so their containers and their emptyDir ' +
    `volumes would be removed. No container was touched yet. See what runs with\n` +
    `  docker ps --filter label=longshore.dev/cluster=${record.id}\n` +
    'copy what you need, and then start with --accept-older-data.'
  );
}

export interface RecordKeeping {
  readonly client: Client;
  readonly dataDir: string;
  readonly record: ClusterRecord;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default one minute. */
  readonly everyMs?: number;
}

/** The revision that the store has reached, as far as this client is told. */
export async function readRevision(client: Client): Promise<number> {
  const { metadata } = await client.list(namespaces, { limit: 1 });
  return Number(metadata.resourceVersion);
}

/** Notes from time to time, and at the end, how far the store has come. */
export function startRecordKeeping(options: RecordKeeping): Running {
  return startLoop('cluster-record', (signal) => keepRecord(options, signal));
}

async function keepRecord(options: RecordKeeping, signal: AbortSignal): Promise<void> {
  const { client, dataDir, record, clock, logger, everyMs = 60_000 } = options;
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal);
    try {
      await writeRecord(dataDir, { ...record, revision: await readRevision(client) });
    } catch (error) {
      logger.debug('The revision of the store was not noted', { error });
    }
  }
  await client.close();
}
