/** Brings what the informers tell into the snapshot and the queue, and moves the pods to the active queue that an event may help. */

import { equalJson } from '../api/json-record.ts';
import { type KubernetesObject, keyOf } from '../api/object.ts';
import { isPodFinished, isPodTerminating } from '../api/pods.ts';
import type { Node, Pod } from '../api/types/core/v1.ts';
import type { Cached, Informer, ObjectChange } from '../client/object-cache.ts';
import type { ClusterEvent } from './framework.ts';
import type { Nominations } from './nominations.ts';
import { createPodInfo, schedulerNameOf, withNewerPod } from './pod-info.ts';
import type { SchedulingQueue } from './queue.ts';
import type { Snapshot } from './snapshot.ts';

export interface ClusterFeedOptions {
  readonly snapshot: Snapshot;
  readonly queue: SchedulingQueue;
  readonly nominations: Nominations;
  /** Whose pods are ours to place: the names of the profiles. */
  readonly schedulerNames: ReadonlySet<string>;
}

type Announcer<T extends KubernetesObject> = Pick<Informer<T>, 'onChange'>;

export class ClusterFeed {
  readonly #snapshot: Snapshot;
  readonly #queue: SchedulingQueue;
  readonly #nominations: Nominations;
  readonly #schedulerNames: ReadonlySet<string>;

  constructor({ snapshot, queue, nominations, schedulerNames }: ClusterFeedOptions) {
    this.#snapshot = snapshot;
    this.#queue = queue;
    this.#nominations = nominations;
    this.#schedulerNames = schedulerNames;
  }

  follow(pods: Announcer<Pod>, nodes: Announcer<Node>): void {
    pods.onChange((change) => this.#podChanged(change));
    nodes.onChange((change) => this.#nodeChanged(change));
  }

  #podChanged(change: ObjectChange<Pod>): void {
    const { next } = change;
    if (next === undefined) this.#podGone(keyOf(change.previous));
    else if (isPodFinished(next)) this.#podGone(keyOf(next));
    else if (next.spec?.nodeName) this.#podPlaced(change, next, next.spec.nodeName);
    else this.#podWaits(change, next);
  }

  #podGone(key: string): void {
    this.#queue.delete(key);
    const nominated = this.#nominations.nodeOf(key) !== undefined;
    this.#nominations.delete(key);
    const removed = this.#snapshot.removePod(key);
    if (removed !== undefined || nominated) this.#queue.moveToActiveOrBackoff('pod removed');
  }

  #podPlaced({ previous }: ObjectChange<Pod>, pod: Cached<Pod>, nodeName: string): void {
    const key = keyOf(pod);
    const placed = this.#snapshot.placed(key);
    const known = placed?.nodeName === nodeName && isOfSameNeeds(placed.pod.pod, pod) ? placed : undefined;
    const info = known === undefined ? createPodInfo(pod) : withNewerPod(known.pod, pod);
    if (known !== undefined && equalJson(known.pod.labels, info.labels)) {
      this.#snapshot.refreshPod(info);
      // Most news of placed pods are of their status, a kubelet's, which changes no decision.
      if (!known.assumed) return;
    } else this.#snapshot.setPod(info, nodeName);
    this.#queue.delete(key);
    this.#nominations.delete(key);
    if (!previous?.spec?.nodeName) this.#queue.moveToActiveOrBackoff('pod placed');
    else if (!equalJson(previous.metadata.labels, pod.metadata.labels)) this.#queue.moveToActiveOrBackoff('pod labels');
    // A pod that begins to end no longer counts for spreading; one that was resized may leave room.
    if (previous?.spec?.nodeName && (info.terminating || !equalJson(previous.spec, pod.spec))) {
      this.#queue.moveToActiveOrBackoff('pod removed');
    }
  }

  #podWaits({ previous }: ObjectChange<Pod>, pod: Cached<Pod>): void {
    const key = keyOf(pod);
    const ours = this.#schedulerNames.has(schedulerNameOf(pod));
    const gated = (pod.spec?.schedulingGates ?? []).length > 0;
    if (!ours || gated || isPodTerminating(pod)) {
      this.#podGone(key);
      return;
    }
    const info = createPodInfo(pod);
    const nominated = pod.status?.nominatedNodeName;
    if (nominated) this.#nominations.set(info, nominated);
    else if (previous?.status?.nominatedNodeName) this.#nominations.delete(key);
    const changed =
      previous !== undefined &&
      !(
        equalJson(previous.spec, pod.spec) &&
        equalJson(previous.metadata.labels, pod.metadata.labels) &&
        equalJson(previous.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses)
      );
    this.#queue.set(info, changed);
  }

  #nodeChanged({ previous, next }: ObjectChange<Node>): void {
    if (next === undefined) {
      this.#snapshot.removeNode(previous.metadata.name);
      // Spreading is judged over the nodes that are left.
      this.#queue.moveToActiveOrBackoff('node labels');
      return;
    }
    this.#snapshot.setNode(next);
    for (const change of previous === undefined ? (['node added'] as const) : changesOf(previous, next)) {
      this.#queue.moveToActiveOrBackoff(change);
    }
  }
}

/** Whether the two versions of a pod are the same to every decision, but for their labels, and that one has its node. */
function isOfSameNeeds(known: Cached<Pod>, next: Cached<Pod>): boolean {
  return (
    known.metadata.uid === next.metadata.uid &&
    isPodTerminating(known) === isPodTerminating(next) &&
    // Preemption spares what runs for long.
    known.status?.startTime === next.status?.startTime &&
    equalJson({ ...known.spec, nodeName: '' }, { ...next.spec, nodeName: '' })
  );
}

function changesOf(previous: Cached<Node>, next: Cached<Node>): ClusterEvent[] {
  const changes: ClusterEvent[] = [];
  if (!equalJson(previous.metadata.labels, next.metadata.labels)) changes.push('node labels');
  if (!equalJson(previous.status?.allocatable, next.status?.allocatable)) changes.push('node resources');
  const taintsOf = ({ spec }: Cached<Node>) => [spec?.taints, spec?.unschedulable];
  if (!equalJson(taintsOf(previous), taintsOf(next))) changes.push('node taints');
  return changes;
}
