/**
 * Deletes the Nodes of hosts that have left: no kubelet will make them again. Nodes that have come no longer need their
 * names reserved for them.
 */

import { nodes } from '../../api/resources/core.ts';
import { isConflict } from '../../api/status-error.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ControllerContext } from '../controller-context.ts';
import { planDeparture } from './node-departure-plan.ts';
import { releaseNodeName } from './node-names.ts';

export function createNodeDepartureController({
  client,
  informers,
  logger,
  controller,
}: ControllerContext): Controller {
  const nodeInformer = informers.of<Node>(nodes);
  /** Nodes that had their names reserved no more: by name, their uids. */
  const arrived = new Map<string, string>();

  async function arrive(name: string, uid: string): Promise<void> {
    if (arrived.get(name) === uid) return;
    await releaseNodeName(client, name);
    arrived.set(name, uid);
  }

  async function reconcile(name: string) {
    const node = nodeInformer.get(name);
    if (node === undefined) arrived.delete(name);
    else await arrive(name, node.metadata.uid);
    const plan = node && planDeparture(node);
    if (node === undefined || plan === undefined || plan.kind === 'none') return {};
    if (plan.kind === 'keep') {
      const { taints, labels } = plan;
      logger.info('The host of a node has left; what others put on the node keeps it', { node: name, taints, labels });
      return {};
    }
    // What was put on it meanwhile would be lost.
    const { uid, resourceVersion } = node.metadata;
    try {
      await ifPresent(client.delete<Node>(nodes, { name }, { uid, resourceVersion }));
    } catch (error) {
      if (!isConflict(error)) throw error; // else the change comes here too
    }
    return {};
  }
  return controller({ reconciler: { reconcile }, workers: 1 }).watch(nodeInformer, keyOfChange);
}
