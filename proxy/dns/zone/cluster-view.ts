/** CONTRACT: what the cluster's zone is made of. Informers are behind it; every question reads it anew. */

import type { Service } from '../../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';

export interface ClusterView {
  /** Counts changes: while it stays the same, so does everything else here. */
  readonly version: number;
  /** By `namespace/name`. */
  service(key: string): Cached<Service> | undefined;
  /** Of a Service, by `namespace/name`. */
  slices(service: string): readonly Cached<EndpointSlice>[];
  hasNamespace(name: string): boolean;
  /** Those that have this cluster IP. */
  servicesAt(ip: string): readonly Cached<Service>[];
  /** Those with an endpoint at this address. */
  slicesAt(ip: string): readonly Cached<EndpointSlice>[];
}
