/**
 * Removes pods that nobody else will: those of nodes that are gone or out of service, deleted ones that were never
 * placed, and finished ones beyond a number that nobody reads any more.
 */

import { outOfServiceTaint } from '../../api/labels.ts';
import { keyOf } from '../../api/object.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { type Controller, objectOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { markDisrupted } from './pod-disruption.ts';
import { isSurplus, planPodGarbage } from './pod-garbage-plan.ts';
import { podIndexes } from './pod-indexes.ts';

export interface PodGarbageSettings {
  /** Terminated pods beyond this number are deleted, oldest first; 0: none are. */
  readonly terminatedPodThreshold: number;
}

export function createPodGarbageController(context: ControllerContext, settings: PodGarbageSettings): Controller {
  const { client, clock } = context;
  const informers = { pods: context.informers.of(pods, podIndexes), nodes: context.informers.of(nodes) };
  const finished = new Set<string>();
  /** Node name → when it was first missed. */
  const missedSince = new Map<string, number>();

  async function reconcile(key: string): Promise<Result> {
    const pod = informers.pods.get(key);
    if (pod === undefined) return {};
    const { nodeName } = pod.spec ?? {};
    const node = nodeName ? informers.nodes.get(nodeName) : undefined;
    const missingForMs = nodeName && node === undefined ? missingFor(nodeName) : 0;
    const plan = planPodGarbage(pod, { node, missingForMs, surplus: isBeyondThreshold(pod) });
    switch (plan.type) {
      case 'keep':
        return {};
      case 'wait':
        return { requeueAfterMs: plan.leftMs };
      case 'delete':
        await remove(pod);
        return {};
      case 'fail':
        if (plan.unlessNodeExists === undefined || !(await nodeExists(plan.unlessNodeExists)))
          await fail(pod, plan.message);
        return {};
    }
  }

  function missingFor(nodeName: string): number {
    const since = missedSince.get(nodeName) ?? clock.monotonic();
    missedSince.set(nodeName, since);
    return clock.monotonic() - since;
  }

  async function nodeExists(name: string): Promise<boolean> {
    if ((await ifPresent(client.get(nodes, { name }))) === undefined) return false;
    missedSince.delete(name);
    return true;
  }

  function isBeyondThreshold(pod: Cached<Pod>): boolean {
    const { terminatedPodThreshold } = settings;
    if (!isPodFinished(pod) || terminatedPodThreshold <= 0 || finished.size <= terminatedPodThreshold) return false;
    const all = [...finished].flatMap((key) => informers.pods.get(key) ?? []);
    return isSurplus(pod, all, terminatedPodThreshold);
  }

  /** Nobody will ever tell how it ended: it failed, then it goes. */
  async function fail(pod: Cached<Pod>, message: string): Promise<void> {
    const disruption = { reason: 'DeletionByPodGC', message, now: clock.now(), failed: true };
    if (!isPodFinished(pod)) await ifPresent(markDisrupted(client, pod, disruption));
    await remove(pod);
  }

  async function remove(pod: Cached<Pod>): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    await ifPresent(client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 }));
  }

  return context
    .controller({ reconciler: { reconcile }, workers: 4 })
    .watch(informers.pods, (change) => {
      const key = keyOf(objectOfChange(change));
      if (change.type !== 'deleted' && isPodFinished(change.next)) finished.add(key);
      else finished.delete(key);
      if (change.type === 'deleted') return [];
      const { spec } = change.next;
      const orphan = spec?.nodeName !== undefined && informers.nodes.get(spec.nodeName) === undefined;
      const surplus = finished.has(key) && finished.size > settings.terminatedPodThreshold;
      return isPodTerminating(change.next) || orphan || surplus ? [key] : [];
    })
    .watch(informers.nodes, (change) => {
      const { name } = objectOfChange(change).metadata;
      if (change.type !== 'deleted') missedSince.delete(name);
      if (change.type === 'updated' && !change.next.spec?.taints?.some(({ key }) => key === outOfServiceTaint))
        return [];
      return change.type === 'added' ? [] : informers.pods.byIndex('node', name).map((pod) => keyOf(pod));
    });
}
