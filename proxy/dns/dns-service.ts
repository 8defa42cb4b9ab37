/** The Service whose cluster IP is the address of the DNS, and who answers there. Pure. */

import type { Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { clusterIpsOf } from './zone/service-records.ts';

export const dnsServiceKey = 'kube-system/kube-dns';

/**
 * The addresses at which each node answers itself. None when the Service has a selector, or endpoints that somebody
 * wrote: then it leads to a DNS of the user's own, as any other Service would, also while that does not answer. A
 * mixture of two would say "no such name" now and then of names that only one of them knows.
 */
export function addressesOfNodeDns(
  service: Cached<Service> | undefined,
  slices: readonly Cached<EndpointSlice>[],
): string[] {
  if (service?.spec === undefined || service.spec.type === 'ExternalName') return [];
  const selects = Object.keys(service.spec.selector ?? {}).length > 0;
  if (selects || slices.some(({ endpoints }) => (endpoints ?? []).length > 0)) return [];
  return clusterIpsOf(service).filter((ip) => !ip.includes(':'));
}
