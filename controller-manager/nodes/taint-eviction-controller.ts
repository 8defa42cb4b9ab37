/**
 * Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer.
 * How long a pod has been with a node's taints is measured on our own monotonic clock from when we first saw it; what it
 * waited before that, while no controller manager ran or another one did, is reckoned from the taint's `timeAdded`.
 */

import { equalJson } from '../../api/json-record.ts';
import { keyOf } from '../../api/object.ts';
import { isPodTerminating } from '../../api/pods.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { markDisrupted } from '../pods/pod-disruption.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { type Deadline, planEviction } from './taint-eviction-plan.ts';

export function createTaintEvictionController({
  client,
  informers: shared,
  events,
  clock,
  controller,
}: ControllerContext): Controller {
  const informers = { pods: shared.of(pods, podIndexes), nodes: shared.of(nodes) };
  const recorder = events.from('taint-eviction-controller');
  const deadlines = new Map<string, Deadline>();

  async function reconcile(key: string): Promise<Result> {
    const pod = informers.pods.get(key);
    if (pod === undefined) {
      deadlines.delete(key);
      return {};
    }
    const node = pod.spec?.nodeName === undefined ? undefined : informers.nodes.get(pod.spec.nodeName);
    const known = deadlines.get(key);
    const plan = planEviction(pod, { node, known, monotonicNow: clock.monotonic(), now: clock.now() });
    switch (plan.type) {
      case 'stay':
        cancel(key, pod);
        return {};
      case 'wait':
        deadlines.set(key, plan.deadline);
        return { requeueAfterMs: plan.leftMs };
      case 'evict':
        await evict(pod);
        deadlines.delete(key);
        return {};
    }
  }

  function cancel(key: string, pod: Cached<Pod>): void {
    const waited = deadlines.delete(key);
    if (!waited || isPodTerminating(pod)) return;
    recorder.record(pod, {
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message: `Cancelling deletion of Pod ${key}`,
    });
  }

  async function evict(pod: Cached<Pod>): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    recorder.record(pod, {
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message: `Marking for deletion Pod ${keyOf(pod)}`,
    });
    try {
      await markDisrupted(client, pod, {
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
        now: clock.now(),
      });
      await client.delete(pods, { namespace, name }, { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  return controller({ reconciler: { reconcile }, workers: 8 })
    .watch(informers.pods, (change) => (concernsEviction(change) ? keyOfChange(change) : []))
    .watch(informers.nodes, (change) =>
      equalJson(taintsOf(change.previous), taintsOf(change.next))
        ? []
        : informers.pods.byIndex('node', objectOfChange(change).metadata.name).map((pod) => keyOf(pod)),
    );
}

const concernsEviction = ({ previous, next }: ObjectChange<Pod>): boolean =>
  previous?.spec?.nodeName !== next?.spec?.nodeName ||
  previous?.metadata.uid !== next?.metadata.uid ||
  previous?.metadata.deletionTimestamp !== next?.metadata.deletionTimestamp ||
  !equalJson(previous?.spec?.tolerations, next?.spec?.tolerations);

const taintsOf = (node: Cached<Node> | undefined) => node?.spec?.taints ?? [];
