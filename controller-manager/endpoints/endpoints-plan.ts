/** What the Endpoints object of a Service should say. Pure. */

import { isDeepStrictEqual } from 'node:util';
import { isPodTerminating } from '../../api/pods.ts';
import { isHeadless } from '../../api/services.ts';
import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import {
  addressesOf,
  addressOfType,
  addressTypesOf,
  conditionsOf,
  type EndpointPort,
  headlessLabel,
  hostnameOf,
  portsOf,
  targetReference,
} from './service-pods.ts';

export const endpointsManagedByLabel = 'endpoints.kubernetes.io/managed-by';
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
const capacity = 1000;

/**
 * Addresses grouped by the ports that they have, in a fixed order. There are at most 1,000: those that are not ready are
 * left out first.
 */
export function computeSubsets(
  service: Cached<Service>,
  selected: readonly Cached<Pod>[],
): { readonly subsets: EndpointSubset[]; readonly truncated: boolean } {
  const type = addressTypesOf(service)[0] ?? 'IPv4';
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  const shown = selected.filter((pod) => !isPodTerminating(pod) || isPublishing(service));
  const readyFirst = shown.toSorted((a, b) => Number(isReady(service, b)) - Number(isReady(service, a)));
  const kept = readyFirst.slice(0, capacity);
  for (const pod of kept.toSorted((a, b) => compareText(addressesOf(a)[0] ?? '', addressesOf(b)[0] ?? ''))) {
    const ip = addressOfType(pod, type);
    const ports = portsOf(service, pod);
    // Without any port there is nothing to reach; a headless Service without ports is about names only.
    if (ip === undefined || (ports.length === 0 && (service.spec?.ports ?? []).length > 0)) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    groups.set(key, group);
    const hostname = hostnameOf(service, pod);
    const address = {
      ip,
      ...(hostname !== undefined && { hostname }),
      ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
      targetRef: targetReference(pod),
    };
    (isReady(service, pod) ? group.ready : group.notReady).push(address);
  }
  const subsets = [...groups.values()].map(({ ports, ready, notReady }) => ({
    ...(ready.length > 0 && { addresses: ready }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady }),
    ...(ports.length > 0 && { ports: ports.map(({ name, ...port }) => ({ ...(name !== '' && { name }), ...port })) }),
  }));
  return { subsets, truncated: shown.length > capacity };
}

const isReady = (service: Cached<Service>, pod: Cached<Pod>): boolean => conditionsOf(service, pod).ready;
const isPublishing = ({ spec }: Cached<Service>): boolean => spec?.publishNotReadyAddresses === true;

export function computeEndpointsLabels(service: Cached<Service>): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service.spec ?? {}) && { [headlessLabel]: '' }),
    [endpointsManagedByLabel]: 'endpoint-controller',
  };
}

export function computeEndpointsAnnotations(
  current: Readonly<Record<string, string>>,
  truncated: boolean,
): Record<string, string> {
  const { [overCapacityAnnotation]: _, ...others } = current;
  return { ...others, ...(truncated && { [overCapacityAnnotation]: 'truncated' }) };
}

export function sameEndpoints(
  current: Cached<Endpoints>,
  next: DeepReadonly<Pick<Endpoints, 'metadata' | 'subsets'>>,
): boolean {
  return (
    isDeepStrictEqual(current.metadata.labels, next.metadata?.labels) &&
    isDeepStrictEqual(current.metadata.annotations ?? {}, next.metadata?.annotations ?? {}) &&
    isDeepStrictEqual(current.subsets ?? [], next.subsets)
  );
}
