/** Tells kubelets by annotation how long they may cache Secrets and ConfigMaps: longer in larger clusters. */

import { nodes } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

/** Up to how many nodes, how many seconds. */
const steps: readonly (readonly [nodes: number, seconds: number])[] = [
  [100, 0],
  [500, 15],
  [1000, 30],
  [2000, 60],
];

function ttlSeconds(nodeCount: number): number {
  return steps.find(([limit]) => nodeCount <= limit)?.[1] ?? 300;
}

export function createNodeTtlController({ client, informers, controller }: ControllerContext): Controller {
  const nodeInformer = informers.of(nodes);
  async function reconcile(name: string) {
    const node = nodeInformer.get(name);
    const wanted = String(ttlSeconds(nodeInformer.size));
    if (node === undefined || node.metadata.annotations?.[annotation] === wanted) return {};
    try {
      await client.patch(
        nodes,
        { name },
        { type: 'merge', body: { metadata: { annotations: { [annotation]: wanted } } } },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return {};
  }
  return controller({ name: 'node-ttl', reconciler: { reconcile }, workers: 1 }).watch(nodeInformer, (change) =>
    change.type === 'deleted' ? [] : keyOfChange(change),
  );
}
