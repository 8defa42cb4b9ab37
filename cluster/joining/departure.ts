/**
 * How a worker goes: it is told by an annotation on its own Node, stops, and says that it has stopped; then the Node is
 * deleted, unless it has what a host's own word must not take off. A kubelet that still ran would make it again at once.
 *
 *   kubecfg node remove ─► removed ─► the worker stops ─► left ─► the Node is deleted (controller manager)
 *   kubecfg leave ───────────────────► the worker stops ─► left ─► …
 */

import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { type Running, startLoop } from '../../base/lifecycle.ts';
import { UserError } from '../../base/user-error.ts';
import { userAgentOf } from '../../base/version.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { connectionAs, type WorkerSide } from '../cluster.ts';

/** With which a worker ends that was removed: systemd does not start it again. */
export const removedExitCode = 3;

const lookEveryMs = 2_000;

/** Its `done` rejects with a `RemovedError` when an administrator has removed the node. */
export function watchForRemoval(worker: WorkerSide): Running {
  return startLoop('removal', async (signal) => {
    const client = nodeClient(worker);
    try {
      while (!signal.aborted) {
        if (await isRemoved(client, worker.nodeName)) throw new RemovedError(worker);
        await systemClock.sleep(lookEveryMs, signal);
      }
    } finally {
      await client.close();
    }
  });
}

export class RemovedError extends UserError {
  constructor({ nodeName, server }: Pick<WorkerSide, 'nodeName' | 'server'>) {
    super(
      `The node ${nodeName} was removed from the cluster of ${server}. "kubecfg leave" takes off this host what the cluster ` +
        'made here; to come again, join with a new token.',
      { exitCode: removedExitCode },
    );
  }
}

/** What cannot be asked now is asked again. */
async function isRemoved(client: Client, name: string): Promise<boolean> {
  try {
    const node = await client.get<Node>(nodes, { name });
    return node.metadata.annotations?.[removedAnnotation] !== undefined;
  } catch {
    return false;
  }
}

/** The kubelet of this host has stopped, and will not come again. */
export async function tellThatItLeft(worker: WorkerSide): Promise<void> {
  const client = nodeClient(worker);
  try {
    const body = { metadata: { annotations: { [leftAnnotation]: 'true' } } };
    await ifPresent(client.patch<Node>(nodes, { name: worker.nodeName }, { type: 'merge', body }));
  } finally {
    await client.close();
  }
}

/** As the node itself. */
export function nodeClient(worker: WorkerSide): Client {
  const connection = connectionAs(worker, worker.certificates.kubelet);
  return createRestClient(connection, { userAgent: userAgentOf('longshore-node'), logger: worker.logger });
}
