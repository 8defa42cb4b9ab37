/** Makes sure that the store is the one of this data directory, before anything that acts on the machine is started. */

import { systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';
import { readClusterId } from '../client/cluster-id.ts';
import { createRestClient } from '../client/rest-client.ts';
import { type Cluster, connectionAs } from './cluster.ts';
import { readRevision, type StoreIdentity, startRecordKeeping, whyNotTheSame, writeRecord } from './cluster-record.ts';
import { checkHome, homeOf, takeOver } from './home.ts';
import { lockCluster } from './instance-lock.ts';
import { homesOf } from './neighbours.ts';
import type { Found } from './preflight.ts';
import { waitUntil } from './wait-until.ts';

/** Writes down who the cluster is, and keeps that up to date until it is stopped. Throws when it is another one. */
export async function identify(
  cluster: Cluster,
  { record, networks }: Pick<Found, 'record' | 'networks'>,
  signal: AbortSignal,
): Promise<Running> {
  const { logger, nodeName, options } = cluster;
  const { dataDir, networkName, clusterCidr, serviceCidr, acceptOlderData } = options;
  const connection = connectionAs(cluster, cluster.certificates.admin);
  const client = createRestClient(connection, { userAgent: 'longshore-up', logger });
  try {
    const found = await readIdentity(client, cluster.server, signal);
    const why = whyNotTheSame({ dataDir, record, found, acceptOlderData });
    if (why !== undefined) throw new UserError(why);
    const named = homesOf(networks, found.id);
    // Asked again: a directory without a record learns only now which cluster it has.
    const otherHome = await checkHome({ ...options, record: record ?? { id: found.id }, named });
    if (otherHome !== undefined) await takeOver(dataDir, otherHome);
    const next = { ...found, nodeName, dataDir: await homeOf(dataDir), networkName, clusterCidr, serviceCidr };
    await writeRecord(dataDir, next);
    const lock = options.only.has('kubelet') ? await lockCluster(found.id) : undefined;
    const keeping = startRecordKeeping({ client, dataDir, record: next, clock: systemClock, logger });
    return {
      ...keeping,
      async stop() {
        await keeping.stop();
        await lock?.release();
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function readIdentity(client: Client, server: string, signal: AbortSignal): Promise<StoreIdentity> {
  const answers: StoreIdentity[] = [];
  await waitUntil({
    not: `The API server at ${server} does not answer`,
    async whyNot() {
      answers.push({ id: await readClusterId(client), revision: await readRevision(client) });
      return undefined;
    },
    clock: systemClock,
    signal,
  });
  const [found] = answers;
  if (found === undefined) throw new UserError('Stopped before the API server answered.');
  return found;
}
