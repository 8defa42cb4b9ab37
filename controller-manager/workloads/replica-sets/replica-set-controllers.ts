/** The controllers of ReplicaSets and ReplicationControllers: which changes wake them. */

import type { KubernetesObject } from '../../../api/object.ts';
import { pods } from '../../../api/resources/core.ts';
import { type Controller, keyOfChange } from '../../../client/controller.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import { type ReplicaKind, replicasOfReplicaSet, replicasOfReplicationController } from './replica-kind.ts';
import { ReplicaReconciler } from './replica-reconciler.ts';

export const createReplicationController = (context: ControllerContext): Controller =>
  createReplicaController(context, replicasOfReplicationController);

export const createReplicaSetController = (context: ControllerContext): Controller =>
  createReplicaController(context, replicasOfReplicaSet);

function createReplicaController<T extends KubernetesObject>(
  context: ControllerContext,
  replicaKind: ReplicaKind<T>,
): Controller {
  const { client, informers, events, clock } = context;
  const sets = informers.of(replicaKind.kind);
  const podInformer = informers.of(pods, podIndexes);
  const reconciler = new ReplicaReconciler({ replicaKind, client, sets, pods: podInformer, events, clock });
  return context
    .controller({ reconciler })
    .watch(sets, (change) => {
      reconciler.noteSetChange(change);
      return keyOfChange(change);
    })
    .watch(podInformer, (change) => reconciler.keysOfPodChange(change));
}
