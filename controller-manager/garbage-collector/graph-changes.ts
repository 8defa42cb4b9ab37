/** Which objects are to be looked at because another one changed. Pure, but for the graph that takes note. */

import { foregroundFinalizer, orphanFinalizer } from '../../api/finalizers.ts';
import { equalJson } from '../../api/json-record.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { KnownResource } from '../../client/discovery.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import type { OwnerGraph } from './owner-graph.ts';

/** Objects that can be found and deleted, each once: events come and go in numbers, and own nothing. */
export function isCollectable({ group, plural, verbs, preferred }: KnownResource): boolean {
  const needed = ['list', 'watch', 'delete'] as const;
  const isEvent = plural === 'events' && (group === '' || group === 'events.k8s.io');
  return preferred && !isEvent && needed.every((verb) => verbs.includes(verb));
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
