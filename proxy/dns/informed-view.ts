/** The cluster's zone as informers see it. Their indexes are all there is: nothing is copied. */

import { serviceNameLabel } from '../../api/labels.ts';
import type { Namespace, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached, Informer } from '../../client/object-cache.ts';
import type { ClusterView } from './zone/cluster-view.ts';
import { clusterIpsOf } from './zone/service-records.ts';

export interface ViewedInformers {
  readonly services: Informer<Service>;
  /** Has an index `service`: `namespace/name` of whose slices they are. */
  readonly slices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
}

export function createInformedView({ services, slices, namespaces }: ViewedInformers): ClusterView {
  services.addIndexers({ clusterIp: clusterIpsOf });
  slices.addIndexers({ namedAddress: addressesWithHostname });
  let version = 0;
  for (const one of [services, slices, namespaces])
    one.onChange(() => {
      version += 1;
    });
  return {
    get version() {
      return version;
    },
    service: (key) => services.get(key),
    slices: (service) => slices.byIndex('service', service),
    hasNamespace: (name) => namespaces.get(name) !== undefined,
    servicesAt: (ip) => services.byIndex('clusterIp', ip),
    slicesAt: (ip) => slices.byIndex('namedAddress', ip),
  };
}

/** Only these have names. */
function addressesWithHostname({ endpoints, metadata }: Cached<EndpointSlice>): string[] {
  if (metadata.labels?.[serviceNameLabel] === undefined) return [];
  return (endpoints ?? []).flatMap(({ hostname, addresses }) => (hostname ? addresses : []));
}
