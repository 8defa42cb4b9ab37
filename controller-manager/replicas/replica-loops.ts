/** The loops of ReplicaSets and ReplicationControllers: which changes wake them. */

import type { KubernetesObject } from '../../api/object.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { Informer } from '../../client/object-cache.ts';
import type { LoopContext } from '../loop.ts';
import { type ReplicaKind, replicaSetKind, replicationControllerKind } from './replica-kind.ts';
import { ReplicaReconciler } from './replica-reconciler.ts';

export const createReplicationLoop = (context: LoopContext): Controller =>
  createReplicaLoop(context, replicationControllerKind, context.informers.replicationControllers);

export const createReplicaSetLoop = (context: LoopContext): Controller =>
  createReplicaLoop(context, replicaSetKind, context.informers.replicaSets);

function createReplicaLoop<T extends KubernetesObject>(
  context: LoopContext,
  replicaKind: ReplicaKind<T>,
  sets: Informer<T>,
): Controller {
  const { client, informers, events, clock } = context;
  const reconciler = new ReplicaReconciler({ replicaKind, client, sets, pods: informers.pods, events, clock });
  return context
    .controller({ name: replicaKind.kind.singular, reconciler })
    .watch(sets, (change) => {
      reconciler.noteSetChange(change);
      return keyOfChange(change);
    })
    .watch(informers.pods, (change) => reconciler.keysOfPodChange(change));
}
