/** The owner-reference garbage collector: watches every kind, and says which objects to look at. */

import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { Controller } from '../../client/controller.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
<<<<<<< HEAD
import type { Kind } from '../../kinds/kind.ts';
import { equalJson } from '../../machinery/json/json-record.ts';
=======
>>>>>>> 532a96f (hand 1)
import type { LoopContext } from '../loop.ts';
import { foregroundFinalizer, GarbageReconciler, orphanFinalizer } from './garbage-reconciler.ts';
import { OwnerGraph } from './owner-graph.ts';

export function createGarbageLoop({ client, informers, events, controller }: LoopContext): Controller {
  const graph = new OwnerGraph();
  const reconciler = new GarbageReconciler({
    client,
    graph,
    recorder: events.from('garbage-collector-controller'),
    enqueue: (uid) => loop.add(uid),
  });
  const loop = controller({ name: 'garbage', reconciler, workers: 8 });
  for (const [kind, informer] of informers.all) loop.watch(informer, (change) => noteChange(graph, kind, change));
  return loop;
}

/** Takes note of a change, and returns the uids of objects that are to be looked at because of it. */
export function noteChange(graph: OwnerGraph, kind: Resource, change: ObjectChange<KubernetesObject>): string[] {
  if (change.type === 'deleted') {
    const { uid } = change.previous.metadata;
    graph.delete(uid);
    const owners = change.previous.metadata.ownerReferences ?? [];
    const waiting = owners.filter((owner) => isFinalizing(graph.get(owner.uid)?.object)).map((owner) => owner.uid);
    return [...graph.dependentsOf(uid).map(({ object }) => object.metadata.uid), ...waiting];
  }
  const { next, previous } = change;
  graph.set(kind, next);
  if (isFinalizing(next)) return [next.metadata.uid, ...ownersThatWait(graph, next, previous)];
  return [
    ...(mayHaveLostOwner(graph, next, previous) ? [next.metadata.uid] : []),
    ...ownersThatWait(graph, next, previous),
  ];
}

/** It is being deleted, and the next step of that is this loop's. */
function isFinalizing(object: Cached<KubernetesObject> | undefined): boolean {
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
  return (
    deletionTimestamp !== undefined && finalizers.some((one) => one === foregroundFinalizer || one === orphanFinalizer)
  );
}

/** Owners that this object has let go of, or no longer blocks. */
function ownersThatWait(
  graph: OwnerGraph,
  next: Cached<KubernetesObject>,
  previous: Cached<KubernetesObject> | undefined,
): string[] {
  if (previous === undefined || sameOwners(previous, next)) return [];
  const owners = previous.metadata.ownerReferences ?? [];
  return owners.map(({ uid }) => uid).filter((uid) => isFinalizing(graph.get(uid)?.object));
}

/** Worth a look: an owner is not there as the reference says, or waits for this object to go. */
function mayHaveLostOwner(
  graph: OwnerGraph,
  next: Cached<KubernetesObject>,
  previous: Cached<KubernetesObject> | undefined,
): boolean {
  const owners = next.metadata.ownerReferences ?? [];
  if (owners.length === 0 || (previous !== undefined && sameOwners(previous, next))) return false;
  return owners.some((owner) => {
    const found = graph.resolve(owner, next.metadata.namespace);
    return found === undefined || isFinalizing(found.object);
  });
}

const sameOwners = (a: Cached<KubernetesObject>, b: Cached<KubernetesObject>): boolean =>
  equalJson(a.metadata.ownerReferences, b.metadata.ownerReferences);
