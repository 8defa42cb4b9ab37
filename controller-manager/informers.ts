/** The informers that all loops share: each kind is listed, watched and kept in memory once. */

import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { replicaSets } from '../api/resources/apps.ts';
import { leases } from '../api/resources/coordination.ts';
import {
  configMaps,
  endpoints,
  namespaces,
  nodes,
  pods,
  replicationControllers,
  serviceAccounts,
  services,
} from '../api/resources/core.ts';
import { endpointSlices } from '../api/resources/discovery.ts';
import type { ReplicaSet } from '../api/types/apps/v1.ts';
import type { Lease } from '../api/types/coordination/v1.ts';
import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  Pod,
  ReplicationController,
  Service,
  ServiceAccount,
} from '../api/types/core/v1.ts';
import type { EndpointSlice } from '../api/types/discovery/v1.ts';
import type { Reader, Watcher } from '../client/client.ts';
import { createInformer, type InformerDependencies } from '../client/informer.ts';
import type { Informer } from '../client/object-cache.ts';
import { kinds } from '../kinds/kind-table.ts';
import { byController, uncontrolled } from './ownership.ts';

export interface Informers {
  readonly pods: Informer<Pod>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly services: Informer<Service>;
  readonly endpoints: Informer<Endpoints>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly nodes: Informer<Node>;
  readonly leases: Informer<Lease>;
  readonly namespaces: Informer<Namespace>;
  readonly serviceAccounts: Informer<ServiceAccount>;
  /** Only the published root certificates. */
  readonly rootCertificates: Informer<ConfigMap>;
  /** Every kind that can own or be owned; of those that no loop reads, only the metadata. */
  readonly all: ReadonlyMap<Resource, Informer<KubernetesObject>>;
  /** Runs them all. Resolves when `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export const rootCertificateName = 'kube-root-ca.crt';
export const serviceNameLabel = 'kubernetes.io/service-name';

export function createInformers(client: Reader & Watcher, dependencies: InformerDependencies): Informers {
  const own = {
    pods: createInformer(client, pods, {
      ...dependencies,
      indexers: {
        controller: byController,
        uncontrolled,
        node: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []),
      },
    }),
    replicaSets: createInformer(client, replicaSets, dependencies),
    replicationControllers: createInformer(client, replicationControllers, dependencies),
    services: createInformer(client, services, dependencies),
    endpoints: createInformer(client, endpoints, dependencies),
    endpointSlices: createInformer(client, endpointSlices, {
      ...dependencies,
      indexers: {
        service: ({ metadata }) => {
          const service = metadata.labels?.[serviceNameLabel];
          return service === undefined ? [] : [`${metadata.namespace}/${service}`];
        },
      },
    }),
    nodes: createInformer(client, nodes, dependencies),
    leases: createInformer(client, leases, dependencies),
    namespaces: createInformer(client, namespaces, dependencies),
    serviceAccounts: createInformer(client, serviceAccounts, dependencies),
  };
  const rootCertificates = createInformer(client, configMaps, {
    ...dependencies,
    fieldSelector: `metadata.name=${rootCertificateName}`,
  });
  const all = informersOfAllKinds(client, dependencies, own);
  return {
    ...own,
    rootCertificates,
    all,
    run: async (signal) => {
      await Promise.all([...all.values(), rootCertificates].map((informer) => informer.run(signal)));
    },
  };
}

function informersOfAllKinds(
  client: Reader & Watcher,
  dependencies: InformerDependencies,
  own: object,
): Map<Resource, Informer<KubernetesObject>> {
  const byPlural = new Map(Object.entries(own) as [string, Informer<KubernetesObject>][]);
  const all = new Map<Resource, Informer<KubernetesObject>>();
  for (const kind of collectableKinds()) {
    const shared = [...byPlural].find(([name]) => name.toLowerCase() === kind.plural)?.[1];
    all.set(kind, shared ?? createInformer(client, kind, { ...dependencies, metadataOnly: true }));
  }
  return all;
}

/** Kinds whose objects can be found and deleted. Events come and go in numbers, and own nothing. */
export function collectableKinds(): Resource[] {
  const needed = ['list', 'watch', 'delete'] as const;
  return kinds.filter(
    ({ verbs, storedAs, plural }) =>
      storedAs === undefined && plural !== 'events' && needed.every((verb) => verbs.includes(verb)),
  );
}
