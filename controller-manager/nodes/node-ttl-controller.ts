/** Tells kubelets by annotation how long they may cache Secrets and ConfigMaps: longer in larger clusters. */

import { nodes } from '../../api/resources/core.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ControllerContext } from '../controller-context.ts';
import { ttlSeconds } from './node-ttl-plan.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

export function createNodeTtlController({ client, informers, controller }: ControllerContext): Controller {
  const nodeInformer = informers.of(nodes);
  async function reconcile(name: string) {
    const node = nodeInformer.get(name);
    const wanted = String(ttlSeconds(nodeInformer.size));
    if (node === undefined || node.metadata.annotations?.[annotation] === wanted) return {};
    const body = { metadata: { annotations: { [annotation]: wanted } } };
    await ifPresent(client.patch(nodes, { name }, { type: 'merge', body }));
    return {};
  }
  return controller({ reconciler: { reconcile }, workers: 1 }).watch(nodeInformer, (change) =>
    change.type === 'deleted' ? [] : keyOfChange(change),
  );
}
