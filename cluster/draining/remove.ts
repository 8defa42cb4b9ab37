/** Takes a node out of the cluster for good: emptied, its worker told to stop, its object deleted. */

import { removedAnnotation } from '../../api/departure.ts';
import { isNodeReady } from '../../api/nodes.ts';
import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { UserError } from '../../base/user-error.ts';
import { ifPresent } from '../../client/if-present.ts';
import { type Drain, drain } from './drain.ts';

/** A worker that is there stops within seconds. */
const stopLimitMs = 20_000;
const lookEveryMs = 100;

/** The node is cordoned before. One that is not Ready cannot end its pods, so they are not waited for. */
export async function removeNode(options: Drain): Promise<void> {
  const { client, nodeName: name, clock, signal, force } = options;
  const node = await client.get<Node>(nodes, { name });
  const isAlive = isNodeReady(node);
  if (isAlive) await drain(options);
  const body = { metadata: { annotations: { [removedAnnotation]: 'true' } } };
  await ifPresent(client.patch<Node>(nodes, { name }, { type: 'merge', body }));
  const until = clock.monotonic() + stopLimitMs;
  const isThere = async () => (await ifPresent(client.get<Node>(nodes, { name })))?.metadata.uid === node.metadata.uid;
  while (isAlive && !signal.aborted && (await isThere())) {
    if (clock.monotonic() > until) {
      if (force) break;
      throw new UserError(
        `The worker of node ${name} was told to stop, and does not: was it started in another way than "kubecfg join"? Stop it ` +
          `there, or its kubelet makes the node again. Then run "kubecfg node remove ${name}" once more, or with --force.`,
      );
    }
    await clock.sleep(lookEveryMs, signal);
  }
  await ifPresent(client.delete<Node>(nodes, { name }, { uid: node.metadata.uid }).catch(ifOther));
}

/** The name is another node's by now: the one that was meant is gone. */
function ifOther(error: unknown): undefined {
  if (error instanceof Error && 'reason' in error && error.reason === 'Conflict') return undefined;
  throw error;
}
