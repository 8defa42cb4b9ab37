/** How many pods the owners of a budget's pods want together. */

import type { KubernetesObject, ObjectKey } from '../../api/object.ts';
import { parseApiVersion, qualifiedName, type Resource } from '../../api/resource.ts';
import { deployments, replicaSets, statefulSets } from '../../api/resources/apps.ts';
import { replicationControllers } from '../../api/resources/core.ts';
import type { Deployment, ReplicaSet, StatefulSet } from '../../api/types/apps/v1.ts';
import type { Pod, ReplicationController } from '../../api/types/core/v1.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import type { ServedResources } from '../../client/served-resources.ts';
import type { SharedInformers } from '../../client/shared-informers.ts';
import { readScale } from '../scales.ts';
import { controllerOf } from '../workloads/ownership.ts';

/** The owner can have no number of replicas: nothing will change that. */
export class UnscalableError extends Error {
  override readonly name = 'UnscalableError';
}

export interface Expected {
  readonly count: number;
  /** Nobody controls them, so nobody says how many there should be. */
  readonly unmanaged: readonly Cached<Pod>[];
}

type Owner = DeepReadonly<OwnerReference>;

interface Counted {
  readonly uid: string;
  readonly replicas: number;
}

export class ExpectedPods {
  readonly #client: Client;
  readonly #resources: ServedResources;
  readonly #deployments: ObjectCache<Deployment>;
  readonly #replicaSets: ObjectCache<ReplicaSet>;
  readonly #statefulSets: ObjectCache<StatefulSet>;
  readonly #replicationControllers: ObjectCache<ReplicationController>;

  constructor(client: Client, resources: ServedResources, informers: SharedInformers) {
    this.#client = client;
    this.#resources = resources;
    this.#deployments = informers.of(deployments);
    this.#replicaSets = informers.of(replicaSets);
    this.#statefulSets = informers.of(statefulSets);
    this.#replicationControllers = informers.of(replicationControllers);
  }

  /** Throws an Error that says whose number cannot be known. */
  async of(pods: readonly Cached<Pod>[]): Promise<Expected> {
    const unmanaged: Cached<Pod>[] = [];
    const asked = new Set<string>();
    const replicas = new Map<string, number>();
    for (const pod of pods) {
      const owner = controllerOf(pod);
      if (owner === undefined) unmanaged.push(pod);
      if (owner === undefined || asked.has(owner.uid)) continue;
      asked.add(owner.uid);
      const counted = await this.#count(owner, pod.metadata.namespace);
      if (counted === undefined) throw new Error(`found no controllers for pod "${pod.metadata.name}"`);
      replicas.set(counted.uid, counted.replicas);
    }
    return { count: [...replicas.values()].reduce((sum, count) => sum + count, 0), unmanaged };
  }

  /** Undefined: the owner is not there. */
  async #count(owner: Owner, namespace: string | undefined): Promise<Counted | undefined> {
    const key = `${namespace}/${owner.name}`;
    const place = { namespace, name: owner.name };
    const group = parseApiVersion(owner.apiVersion)?.group;
    switch (`${owner.kind}.${group}`) {
      case 'ReplicationController.':
        return countOf(
          await this.#find(replicationControllers, this.#replicationControllers.get(key), place),
          owner.uid,
        );
      case 'StatefulSet.apps':
        return countOf(await this.#find(statefulSets, this.#statefulSets.get(key), place), owner.uid);
      case 'ReplicaSet.apps':
        return this.#countSet(await this.#find(replicaSets, this.#replicaSets.get(key), place), owner.uid);
      default:
        return await this.#countScale(owner, place);
    }
  }

  /** The pods may be seen before their owner is. */
  async #find<T extends KubernetesObject>(kind: Resource<T>, cached: Cached<T> | undefined, place: ObjectKey) {
    return cached ?? (await ifPresent(this.#client.get(kind, place)));
  }

  /** Of a Deployment all sets together have what it asks for. */
  #countSet(set: Cached<ReplicaSet> | undefined, uid: string): Counted | undefined {
    const owner = set && controllerOf(set);
    if (set === undefined || owner?.kind !== deployments.kind) return countOf(set, uid);
    return countOf(this.#deployments.get(`${set.metadata.namespace}/${owner.name}`), owner.uid) ?? countOf(set, uid);
  }

  async #countScale(owner: Owner, key: { namespace: string | undefined; name: string }): Promise<Counted | undefined> {
    const { group = '', version = '' } = parseApiVersion(owner.apiVersion) ?? {};
    const resource = this.#resources.findByKind({ group, kind: owner.kind });
    if (resource === undefined) {
      throw new Error(`no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`);
    }
    if (!resource.subresources.some(({ name }) => name === 'scale')) {
      throw new UnscalableError(
        `${qualifiedName(resource.plural, resource.group)} does not implement the scale subresource`,
      );
    }
    const scale = await ifPresent(readScale(this.#client, { ...resource, version }, key));
    return scale?.uid === owner.uid ? { uid: scale.uid, replicas: scale.replicas } : undefined;
  }
}

function countOf(
  object: Cached<Deployment | ReplicaSet | StatefulSet | ReplicationController> | undefined,
  uid: string,
): Counted | undefined {
  if (object === undefined || object.metadata.uid !== uid) return undefined;
  return { uid, replicas: object.spec?.replicas ?? 1 };
}
