/**
 * What decisions depend on besides nodes and pods: Services and controllers (whose pods are spread), namespaces (their
 * labels are selected by affinity), disruption budgets (preemption spares what they protect).
 */

import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { replicaSets, statefulSets } from '../api/resources/apps.ts';
import { namespaces, replicationControllers, services } from '../api/resources/core.ts';
import { podDisruptionBudgets } from '../api/resources/policy.ts';
import type { ReplicaSet, StatefulSet } from '../api/types/apps/v1.ts';
import type { Namespace, ReplicationController, Service } from '../api/types/core/v1.ts';
import type { PodDisruptionBudget } from '../api/types/policy/v1.ts';
import type { Logger } from '../base/logger.ts';
import type { Reader, Watcher } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import type { Informer, ObjectCache } from '../client/object-cache.ts';

export interface ClusterListers {
  readonly services: ObjectCache<Service>;
  readonly replicationControllers: ObjectCache<ReplicationController>;
  readonly replicaSets: ObjectCache<ReplicaSet>;
  readonly statefulSets: ObjectCache<StatefulSet>;
  readonly namespaces: ObjectCache<Namespace>;
}

export class InformedListers implements ClusterListers {
  readonly services: ObjectCache<Service>;
  readonly replicationControllers: ObjectCache<ReplicationController>;
  readonly replicaSets: ObjectCache<ReplicaSet>;
  readonly statefulSets: ObjectCache<StatefulSet>;
  readonly #namespaces: Informer<Namespace>;
  readonly budgets: ObjectCache<PodDisruptionBudget>;
  readonly #informers: { run(signal: AbortSignal): Promise<void>; synced(signal: AbortSignal): Promise<void> }[] = [];

  constructor(client: Reader & Watcher, logger: Logger) {
    const follow = <T extends KubernetesObject>(kind: Resource<T>): Informer<T> => {
      const informer = createInformer(client, kind, { logger });
      this.#informers.push(informer);
      return informer;
    };
    this.services = follow(services);
    this.replicationControllers = follow(replicationControllers);
    this.replicaSets = follow(replicaSets);
    this.statefulSets = follow(statefulSets);
    this.budgets = follow(podDisruptionBudgets);
    this.#namespaces = follow(namespaces);
  }

  get namespaces(): ObjectCache<Namespace> {
    return this.#namespaces;
  }

  /** Called when a namespace came, went or changed. */
  onNamespaces(listener: () => void): void {
    this.#namespaces.onChange(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.run(signal)));
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced(signal)));
  }
}
