/**
 * Removes pods of nodes that are cut off, once their kubelets have ended them for certain (`api/cut-off.ts`): their
 * StatefulSet makes them anew on another node. Only pods whose kubelet has promised that.
 *
 * Invariants:
 * - Silence is measured on our own clock, by the node's Lease alone, only while we can hear, and is confirmed by one
 *   read before it is believed.
 * - Removals name the pod's uid.
 */

import { endsWhenCutOff } from '../../api/cut-off.ts';
import { isNodeReady } from '../../api/nodes.ts';
import { keyOf } from '../../api/object.ts';
import { isPodFinished } from '../../api/pods.ts';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { type Controller, objectOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { markDisrupted } from '../pods/pod-disruption.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { planCutOff } from './cut-off-plan.ts';
import { Heartbeats } from './heartbeats.ts';

const leaseNamespace = 'kube-node-lease';

export function createCutOffController(context: ControllerContext): Controller {
  const { client, clock, events, informers: shared } = context;
  const informers = { pods: shared.of(pods, podIndexes), nodes: shared.of(nodes), leases: shared.of(leases) };
  const recorder = events.from('node-cut-off-controller');
  const heartbeats = new Heartbeats();
  const note = ({ metadata, spec }: Cached<Lease>) =>
    heartbeats.note(metadata.name, String(spec?.renewTime), clock.monotonic());

  async function reconcile(key: string): Promise<Result> {
    const pod = informers.pods.get(key);
    const nodeName = pod?.spec?.nodeName;
    if (pod === undefined || nodeName === undefined) return {};
    const plan = planFor(pod, nodeName);
    if (plan.type === 'wait') return { requeueAfterMs: plan.leftMs };
    if (plan.type === 'keep') return {};
    const lease = await ifPresent(client.get(leases, { namespace: leaseNamespace, name: nodeName }));
    if (lease !== undefined) note(lease);
    const confirmed = planFor(pod, nodeName);
    if (confirmed.type === 'wait') return { requeueAfterMs: confirmed.leftMs };
    await remove(pod, nodeName);
    return {};
  }

  function planFor(pod: Cached<Pod>, nodeName: string) {
    const listeningSince = informers.leases.connectedSince;
    const now = clock.monotonic();
    return planCutOff(pod, {
      node: informers.nodes.get(nodeName),
      silentForMs: listeningSince === undefined ? 0 : heartbeats.silentForMs(nodeName, listeningSince, now),
      hasReadyNode: [...informers.nodes.list()].some((node) => isNodeReady(node)),
    });
  }

  async function remove(pod: Cached<Pod>, nodeName: string): Promise<void> {
    const message = `Node ${nodeName} is cut off, and its kubelet has ended the pod`;
    const disruption = { reason: 'DeletionByNodeCutOff', message, now: clock.now(), failed: true };
    if (!isPodFinished(pod)) await ifPresent(markDisrupted(client, pod, disruption));
    recorder.record(pod, { type: 'Normal', reason: 'MovedFromCutOffNode', message });
    const { namespace, name, uid } = pod.metadata;
    await ifPresent(client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 }));
  }

  return context
    .controller({ reconciler: { reconcile } })
    .watch(informers.leases, (change) => {
      const lease = objectOfChange(change);
      if (lease.metadata.namespace === leaseNamespace && change.type !== 'deleted') note(lease);
      return [];
    })
    .watch(informers.pods, ({ next }) => (next !== undefined && endsWhenCutOff(next) ? [keyOf(next)] : []))
    .watch(informers.nodes, (change) => {
      const { name } = objectOfChange(change).metadata;
      if (change.type === 'deleted') heartbeats.forget(name);
      if (change.type !== 'deleted' && isNodeReady(change.next)) return [];
      return informers.pods.byIndex('node', name).filter(endsWhenCutOff).map(keyOf);
    });
}
