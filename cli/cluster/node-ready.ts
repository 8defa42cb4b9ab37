/** Waits until this machine's node is Ready; what keeps it from that is part of the error. */

import { nodes } from '../../api/core/node.ts';
import { isNotFound } from '../../api/status-error.ts';
import { systemClock } from '../../base/clock.ts';
import { userAgentOf } from '../../base/version.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { CommandError } from '../command.ts';
import { type Cluster, connectionAs } from './cluster.ts';

const readyTimeoutMs = 60_000;

export async function waitForNode(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const connection = connectionAs(cluster, cluster.certificates.admin);
  const client = createRestClient(connection, { userAgent: userAgentOf('longshore-up'), logger: cluster.logger });
  const end = systemClock.monotonic() + readyTimeoutMs;
  try {
    for (let why = await whyNotReady(client, cluster.nodeName); why !== undefined && !signal.aborted; ) {
      if (systemClock.monotonic() > end) {
        throw new CommandError(
          `Node ${cluster.nodeName} is not Ready after a minute: ${why}. See ${cluster.options.dataDir}/longshore.log`,
        );
      }
      await systemClock.sleep(25, signal);
      why = await whyNotReady(client, cluster.nodeName);
    }
  } finally {
    await client.close();
  }
}

async function whyNotReady(client: Client, name: string): Promise<string | undefined> {
  try {
    const { status } = await client.get(nodes, { name });
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True' ? undefined : (ready?.message ?? 'it has no Ready condition yet');
  } catch (error) {
    if (isNotFound(error)) return 'it has not registered yet';
    throw error;
  }
}
