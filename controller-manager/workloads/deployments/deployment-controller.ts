/** The controller of Deployments: which changes wake it. */

import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { keyOf } from '../../../api/object.ts';
import { deployments, replicaSets } from '../../../api/resources/apps.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../../client/controller.ts';
import type { Cached, ObjectCache, ObjectChange } from '../../../client/object-cache.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import { controllerOf, type OwnedMetadata, ownerIndexes } from '../ownership.ts';
import { DeploymentReconciler } from './deployment-reconciler.ts';

export function createDeploymentController(context: ControllerContext): Controller {
  const { client, informers, events, clock } = context;
  const ours = informers.of(deployments);
  const sets = informers.of(replicaSets, ownerIndexes);
  const podInformer = informers.of(pods, podIndexes);
  const reconciler = new DeploymentReconciler({
    client,
    deployments: ours,
    replicaSets: sets,
    pods: podInformer,
    recorder: events.from('deployment-controller'),
    clock,
  });
  return context
    .controller({ reconciler })
    .watch(ours, (change) => {
      if (change.type === 'deleted') reconciler.forget(change.previous);
      return keyOfChange(change);
    })
    .watch(sets, (change) => keysOfSetChange(change, ours))
    .watch(podInformer, (change) => keysOfPodChange(change, sets, ours));
}

/** The Deployments of a ReplicaSet before and now; of one that nobody controls those that would adopt it. */
function keysOfSetChange(
  { previous, next }: ObjectChange<ReplicaSet>,
  ours: ObjectCache<Deployment>,
): Iterable<string> {
  const owners = [previous, next].flatMap((set) => (set === undefined ? [] : ownerKeys(set)));
  const lone = next !== undefined && controllerOf(next) === undefined ? keysOfMatching(next, ours) : [];
  return new Set([...owners, ...lone]);
}

function keysOfMatching({ metadata }: Cached<ReplicaSet>, ours: ObjectCache<Deployment>): string[] {
  const { namespace, labels = {} } = metadata;
  return [...ours.list(namespace)].filter(({ spec }) => matchesLabelSelector(spec?.selector, labels)).map(keyOf);
}

/** Only who replaces all pods at once waits for single pods to end. */
function keysOfPodChange(
  change: ObjectChange<Pod>,
  sets: ObjectCache<ReplicaSet>,
  ours: ObjectCache<Deployment>,
): Iterable<string> {
  const pod = objectOfChange(change);
  const owner = controllerOf(pod);
  if (owner?.kind !== replicaSets.kind) return [];
  const set = sets.get(`${pod.metadata.namespace}/${owner.name}`);
  const keys = set === undefined ? [] : ownerKeys(set);
  return keys.filter((key) => ours.get(key)?.spec?.strategy?.type === 'Recreate');
}

function ownerKeys(object: OwnedMetadata): string[] {
  const owner = controllerOf(object);
  return owner?.kind === deployments.kind ? [`${object.metadata.namespace}/${owner.name}`] : [];
}
