/** ReplicaSet and ReplicationController are the same loop: here is what differs between the two. */

import { matchesLabelSelector, matchesLabels } from '../../../api/label-selector.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { replicaSets } from '../../../api/resources/apps.ts';
import { replicationControllers } from '../../../api/resources/core.ts';
import type { ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { PodTemplateSpec, ReplicationController } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { ReplicaStatus } from './replica-status.ts';

export interface ReplicaView {
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly template: DeepReadonly<PodTemplateSpec>;
  readonly status: DeepReadonly<ReplicaStatus> | undefined;
  matches(labels: Readonly<Record<string, string>>): boolean;
}

export interface ReplicaKind<T extends KubernetesObject> {
  readonly kind: Resource<T>;
  /** Who its events come from. */
  readonly component: string;
  /** Its status counts pods that are being deleted. */
  readonly countsTerminating: boolean;
  view(object: Cached<T>): ReplicaView;
}

export const replicasOfReplicaSet: ReplicaKind<ReplicaSet> = {
  kind: replicaSets,
  component: 'replicaset-controller',
  countsTerminating: true,
  view: (set) => viewOf(set, (labels) => matchesLabelSelector(set.spec?.selector, labels)),
};

export const replicasOfReplicationController: ReplicaKind<ReplicationController> = {
  kind: replicationControllers,
  component: 'replication-controller',
  countsTerminating: false,
  view(controller) {
    const { selector = {} } = controller.spec ?? {};
    // An empty selector would match every pod; validation does not let one through.
    return viewOf(controller, (labels) => Object.keys(selector).length > 0 && matchesLabels(selector, labels));
  },
};

function viewOf(
  { spec, status }: Cached<ReplicaSet> | Cached<ReplicationController>,
  matches: ReplicaView['matches'],
): ReplicaView {
  return {
    replicas: spec?.replicas ?? 1,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    template: spec?.template ?? {},
    status,
    matches,
  };
}
