/** Deletes the Nodes of hosts that have left: no kubelet will make them again. */

import { leftAnnotation } from '../../api/departure.ts';
import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ControllerContext } from '../controller-context.ts';

export function createNodeDepartureController({ client, informers, controller }: ControllerContext): Controller {
  const nodeInformer = informers.of<Node>(nodes);
  async function reconcile(name: string) {
    const node = nodeInformer.get(name);
    if (node?.metadata.annotations?.[leftAnnotation] === undefined) return {};
    const { uid } = node.metadata;
    await ifPresent(client.delete<Node>(nodes, { name }, { uid }));
    return {};
  }
  return controller({ reconciler: { reconcile }, workers: 1 }).watch(nodeInformer, (change) =>
    change.type === 'deleted' ? [] : keyOfChange(change),
  );
}
