/** Waits until this machine's node is Ready; what keeps it from that is shown, and part of the error. */

import { nodeCondition } from '../api/nodes.ts';
import { nodes } from '../api/resources/core.ts';
import { isNotFound } from '../api/status-error.ts';
import { systemClock } from '../base/clock.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import { createRestClient } from '../client/rest-client.ts';
import { type Cluster, connectionAs, type WorkerSide } from './cluster.ts';
import type { Progress } from './progress.ts';
import { waitUntil } from './wait-until.ts';

export interface NodeReadyOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function waitForNode(cluster: Cluster, options: NodeReadyOptions): Promise<void> {
  const connection = connectionAs(cluster, cluster.certificates.admin);
  const client = createRestClient(connection, { userAgent: userAgentOf('longshore-up'), logger: cluster.logger });
  try {
    await untilNodeIsReady(client, cluster, options);
  } finally {
    await client.close();
  }
}

type NodePlace = Pick<WorkerSide, 'nodeName'> & { readonly options: Pick<WorkerSide['options'], 'dataDir'> };

export async function untilNodeIsReady(
  client: Client,
  { nodeName, options: { dataDir } }: NodePlace,
  { progress, signal }: NodeReadyOptions,
): Promise<void> {
  await waitUntil({
    not: `Node ${nodeName} is not Ready`,
    whyNot: () => whyNotReady(client, nodeName),
    note: (why) => progress.note(why),
    advice: `See ${dataDir}/longshore.log`,
    clock: systemClock,
    signal,
  });
}

async function whyNotReady(client: Client, name: string): Promise<string | undefined> {
  try {
    const ready = nodeCondition(await client.get(nodes, { name }), 'Ready');
    return ready?.status === 'True' ? undefined : (ready?.message ?? 'it has no Ready condition yet');
  } catch (error) {
    if (isNotFound(error)) return 'it has not registered yet';
    throw error;
  }
}
