/** Which sets of pods have asked to be rebalanced, and whether they are at rest, so that a pod of theirs may move. */

import { isPodActive } from '../../api/pods.ts';
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.ts';
import type { Pod, ReplicationController } from '../../api/types/core/v1.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import { surgeFor } from '../pods/pod-move.ts';
import { controllerOf } from '../workloads/ownership.ts';

/** On a Deployment, or on a ReplicaSet or ReplicationController that nobody controls. */
export const rebalanceAnnotation = 'longshore.dev/rebalance';

export type SetOwner = Cached<Deployment> | Cached<ReplicaSet> | Cached<ReplicationController>;
type SetView = Cached<ReplicaSet> | Cached<ReplicationController>;

export interface RebalancedSet {
  readonly uid: string;
  /** Who has opted in, and is told. */
  readonly owner: SetOwner;
  readonly isDryRun: boolean;
  readonly replicas: number;
  readonly minReadySeconds: number;
  /** Active ones, whatever their state. */
  readonly pods: readonly Cached<Pod>[];
  /** Nothing but moves changes it. */
  readonly isAtRest: boolean;
}

export interface SetCaches {
  readonly deployments: ObjectCache<Deployment>;
  /** With the index `controller` of ownership.ts. */
  readonly replicaSets: ObjectCache<ReplicaSet>;
  readonly controllers: ObjectCache<ReplicationController>;
  /** With the index `controller` of ownership.ts. */
  readonly pods: ObjectCache<Pod>;
}

/** `true` moves pods, `dry-run` only tells which; everything else is no wish. */
export function wishOf({ metadata }: SetOwner): 'move' | 'dry-run' | undefined {
  const text = metadata.annotations?.[rebalanceAnnotation];
  if (metadata.deletionTimestamp !== undefined) return undefined;
  return text === 'true' ? 'move' : text === 'dry-run' ? 'dry-run' : undefined;
}

export function* rebalancedSets(caches: SetCaches): Generator<RebalancedSet> {
  for (const deployment of caches.deployments.list()) {
    if (wishOf(deployment) === undefined) continue;
    const sets = caches.replicaSets.byIndex('controller', deployment.metadata.uid);
    const sized = sets.filter(({ spec, status }) => (spec?.replicas ?? 1) > 0 || (status?.replicas ?? 0) > 0);
    // During a rollout there are two.
    const [set] = sized;
    if (set !== undefined && sized.length === 1) yield viewOf(set, deployment, caches, isRolledOut(deployment));
  }
  for (const list of [caches.replicaSets.list(), caches.controllers.list()]) {
    for (const set of list) {
      const owner = controllerOf(set);
      if (owner === undefined && wishOf(set) !== undefined) yield viewOf(set, set, caches, true);
    }
  }
}

function viewOf(set: SetView, owner: SetOwner, { pods }: SetCaches, isRolled: boolean): RebalancedSet {
  const { replicas = 1, minReadySeconds = 0 } = set.spec ?? {};
  const own = pods.byIndex('controller', set.metadata.uid).filter(isPodActive);
  return {
    uid: set.metadata.uid,
    owner,
    isDryRun: wishOf(owner) === 'dry-run',
    replicas,
    minReadySeconds,
    pods: own,
    isAtRest:
      isRolled &&
      replicas > 0 &&
      (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0) &&
      own.length <= replicas + surgeFor(replicas, own),
  };
}

function isRolledOut({ metadata, spec, status }: Cached<Deployment>): boolean {
  return (
    spec?.paused !== true &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= (spec?.replicas ?? 1)
  );
}
