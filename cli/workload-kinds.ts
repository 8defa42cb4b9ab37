/** The three kinds of workloads that roll out: how each is read. */

import type { ObjectKey, Stored } from '../api/object.ts';
import { qualifiedName, type Resource } from '../api/resource.ts';
import { daemonSets, deployments, statefulSets } from '../api/resources/apps.ts';
import type { DaemonSet, Deployment, StatefulSet } from '../api/types/apps/v1.ts';
import type { Client } from '../client/client.ts';
import { daemonSetState, deploymentState, type RolloutState, statefulSetState } from './rollout-state.ts';

export type Workload = Deployment | DaemonSet | StatefulSet;

export interface WorkloadKind {
  readonly resource: Resource;
  read(client: Client, key: ObjectKey): Promise<{ readonly object: Stored<Workload>; readonly state: RolloutState }>;
}

function workloadKind<T extends Workload>(resource: Resource<T>, stateOf: (object: T) => RolloutState): WorkloadKind {
  return {
    resource,
    async read(client, key) {
      const object = await client.get(resource, key);
      return { object, state: stateOf(object) };
    },
  };
}

const kinds: readonly WorkloadKind[] = [
  workloadKind(deployments, deploymentState),
  workloadKind(daemonSets, daemonSetState),
  workloadKind(statefulSets, statefulSetState),
];

/** Undefined: objects of the kind do not roll out. */
export const workloadKindOf = ({ plural, group }: Resource): WorkloadKind | undefined =>
  kinds.find(({ resource }) => qualifiedName(resource.plural, resource.group) === qualifiedName(plural, group));
