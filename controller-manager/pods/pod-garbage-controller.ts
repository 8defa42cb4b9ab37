/**
 * Removes pods that nobody else will: those of nodes that are gone or out of service, deleted ones that were never
 * placed, and finished ones beyond a number that nobody reads any more.
 */

import { outOfServiceTaint } from '../../api/labels.ts';
import { keyOf } from '../../api/object.ts';
import { isPodFinished } from '../../api/pods.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { type Controller, objectOfChange } from '../../client/controller.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { readinessOf } from '../nodes/node-conditions.ts';
import { markDisrupted } from './pod-disruption.ts';
import { podIndexes } from './pod-indexes.ts';

/** A node that is missing for less long may only be registering anew. */
const quarantineMs = 40_000;

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
    const nodeName = pod.spec?.nodeName;
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    if (!nodeName) {
      if (terminating) await remove(pod);
    } else if (informers.nodes.get(nodeName) === undefined) {
      return await removeOrphan(pod, nodeName);
    } else if (terminating && isOutOfService(nodeName)) {
      await disrupt(pod, 'PodGC: node is out of service');
    }
    if (isPodFinished(pod) && !terminating && isBeyondThreshold(pod)) await remove(pod);
    return {};
  }

  async function removeOrphan(pod: Cached<Pod>, nodeName: string): Promise<Result> {
    const since = missedSince.get(nodeName) ?? clock.monotonic();
    missedSince.set(nodeName, since);
    const leftMs = since + quarantineMs - clock.monotonic();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    if (await nodeExists(nodeName)) missedSince.delete(nodeName);
    else await disrupt(pod, 'PodGC: node no longer exists');
    return {};
  }

  async function nodeExists(name: string): Promise<boolean> {
    try {
      await client.get(nodes, { name });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  function isOutOfService(nodeName: string): boolean {
    const node = informers.nodes.get(nodeName);
    if (node === undefined || readinessOf(node) === 'True') return false;
    return node.spec?.taints?.some(({ key }) => key === outOfServiceTaint) ?? false;
  }

  /** One of the oldest, of more finished pods than are kept. */
  function isBeyondThreshold(pod: Cached<Pod>): boolean {
    const surplus = finished.size - settings.terminatedPodThreshold;
    if (settings.terminatedPodThreshold <= 0 || surplus <= 0) return false;
    const times = [...finished].map((key) => informers.pods.get(key)?.metadata.creationTimestamp ?? '').sort();
    return pod.metadata.creationTimestamp <= (times[surplus - 1] ?? '');
  }

  async function disrupt(pod: Cached<Pod>, message: string): Promise<void> {
    if (!isPodFinished(pod)) {
      try {
        await markDisrupted(client, pod, { reason: 'DeletionByPodGC', message, now: clock.now(), failed: true });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    await remove(pod);
  }

  async function remove(pod: Cached<Pod>): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    try {
      await client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  return context
    .controller({ name: 'pod-garbage', reconciler: { reconcile }, workers: 4 })
    .watch(informers.pods, (change) => {
      const key = keyOf(objectOfChange(change));
      if (change.type !== 'deleted' && isPodFinished(change.next)) finished.add(key);
      else finished.delete(key);
      if (change.type === 'deleted') return [];
      const { metadata, spec } = change.next;
      const orphan = spec?.nodeName !== undefined && informers.nodes.get(spec.nodeName) === undefined;
      const surplus = finished.has(key) && finished.size > settings.terminatedPodThreshold;
      return metadata.deletionTimestamp !== undefined || orphan || surplus ? [key] : [];
    })
    .watch(informers.nodes, (change) => {
      const { name } = objectOfChange(change).metadata;
      if (change.type !== 'deleted') missedSince.delete(name);
      if (change.type === 'updated' && !change.next.spec?.taints?.some(({ key }) => key === outOfServiceTaint))
        return [];
      return change.type === 'added' ? [] : informers.pods.byIndex('node', name).map((pod) => keyOf(pod));
    });
}
