/** Which Endpoints become EndpointSlices, and what these should say. Pure. */

import { isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { lastAppliedAnnotation, serviceNameLabel, skipMirrorLabel } from '../../api/labels.ts';
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../../api/types/core/v1.ts';
import type { Endpoint } from '../../api/types/discovery/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import { managedByLabel } from './endpoint-slice-plan.ts';
import type { AddressType, EndpointPort } from './service-pods.ts';
import type { DesiredEndpoints } from './slice-plan.ts';
import { triggerTimeAnnotation } from './trigger-times.ts';

export const mirroringManager = 'endpointslicemirroring-controller.k8s.io';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const addressesPerSubset = 1000;

/** Slices are made of Endpoints that stand beside a Service without a selector: others have slices of their own. */
export function shouldMirror(source: Cached<Endpoints> | undefined, service: Cached<Service> | undefined): boolean {
  return source !== undefined && service !== undefined && service.spec?.selector === undefined && isMirrored(source);
}

/** Users' own Endpoints, and not what leader elections of old keep in such objects. */
function isMirrored({ metadata }: Cached<Endpoints>): boolean {
  return metadata.labels?.[skipMirrorLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;
}

/** Labels and annotations are the source's, but for what is about that object alone. */
export function mirrorMetadata({ metadata }: Cached<Endpoints>): {
  labels: Record<string, string>;
  annotations?: Record<string, string>;
} {
  const {
    [triggerTimeAnnotation]: _time,
    [lastAppliedAnnotation]: _applied,
    ...annotations
  } = metadata.annotations ?? {};
  const labels = { ...metadata.labels, [serviceNameLabel]: metadata.name, [managedByLabel]: mirroringManager };
  return { labels, ...(Object.keys(annotations).length > 0 && { annotations }) };
}

/** The endpoints of one address type, grouped by their ports; of each subset at most the first 1,000 addresses. */
export function computeMirror({ subsets = [] }: Cached<Endpoints>, type: AddressType): DesiredEndpoints[] {
  const groups: { ports: EndpointPort[]; endpoints: Endpoint[] }[] = [];
  for (const subset of subsets) {
    const endpoints = [
      ...(subset.addresses ?? []).map((address) => mirrorAddress(address, true)),
      ...(subset.notReadyAddresses ?? []).map((address) => mirrorAddress(address, false)),
    ]
      .slice(0, addressesPerSubset)
      .filter(({ addresses }) => isIPv6(addresses[0] ?? '') === (type === 'IPv6'));
    if (endpoints.length === 0) continue;
    const ports = mirrorPorts(subset);
    const group = groups.find((other) => isDeepStrictEqual(other.ports, ports));
    if (group === undefined) groups.push({ ports, endpoints });
    else group.endpoints.push(...endpoints);
  }
  return groups;
}

function mirrorPorts({ ports = [] }: DeepReadonly<EndpointSubset>): EndpointPort[] {
  return ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    protocol,
    port,
    ...(appProtocol !== undefined && { appProtocol }),
  }));
}

function mirrorAddress({ ip, hostname, nodeName, targetRef }: DeepReadonly<EndpointAddress>, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    ...(targetRef && { targetRef: { ...targetRef } }),
  };
}
