/** Makes sure that the store is the one of this data directory, before anything that acts on the machine is started. */

import { systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { readClusterId } from '../../client/cluster-id.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { CommandError } from '../command.ts';
import { type Cluster, connectionAs } from './cluster.ts';
import {
  type ClusterRecord,
  readRevision,
  type StoreIdentity,
  startRecordKeeping,
  whyNotTheSame,
  writeRecord,
} from './cluster-record.ts';
import { waitUntil } from './wait-until.ts';

/** Writes down who the cluster is, and keeps that up to date until it is stopped. Throws when it is another one. */
export async function identify(
  cluster: Cluster,
  record: ClusterRecord | undefined,
  signal: AbortSignal,
): Promise<Running> {
  const { logger, nodeName, options } = cluster;
  const { dataDir, networkName, clusterCidr, serviceCidr, acceptOlderData } = options;
  const connection = connectionAs(cluster, cluster.certificates.admin);
  const client = createRestClient(connection, { userAgent: 'longshore-up', logger });
  try {
    let found: StoreIdentity = { id: '', revision: 0 };
    await waitUntil({
      not: `The API server at ${cluster.server} does not answer`,
      async whyNot() {
        found = { id: await readClusterId(client), revision: await readRevision(client) };
        return undefined;
      },
      clock: systemClock,
      signal,
    });
    const why = whyNotTheSame({ dataDir, record, found, acceptOlderData });
    if (why !== undefined) throw new CommandError(why);
    const next = { ...found, nodeName, networkName, clusterCidr, serviceCidr };
    if (!signal.aborted) await writeRecord(dataDir, next);
    return startRecordKeeping({ client, dataDir, record: next, clock: systemClock, logger });
  } catch (error) {
    await client.close();
    throw error;
  }
}
