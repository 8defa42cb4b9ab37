/** What the EndpointSlices of a Service should say. Which slices to write for it, `slice-plan.ts` decides. Pure. */

import { serviceNameLabel, zoneLabel } from '../../api/labels.ts';
import { isHeadless } from '../../api/services.ts';
import type { Node, Pod, Service } from '../../api/types/core/v1.ts';
import type { Endpoint } from '../../api/types/discovery/v1.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import {
  type AddressType,
  addressOfType,
  conditionsOf,
  headlessLabel,
  hostnameOf,
  portsOf,
  targetReference,
} from './service-pods.ts';
import type { DesiredEndpoints } from './slice-plan.ts';

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const sliceManager = 'endpointslice-controller.k8s.io';

type NodeLookup = Pick<ObjectCache<Node>, 'get'>;

interface Sources {
  readonly type: AddressType;
  /** Selected pods that have an address and may still answer. */
  readonly pods: readonly Cached<Pod>[];
  readonly nodes: NodeLookup;
}

/** The endpoints of one address type, one group for each set of ports: pods may call different numbers by one name. */
export function computeDesiredEndpoints(service: Cached<Service>, { type, pods, nodes }: Sources): DesiredEndpoints[] {
  const groups = new Map<string, { ports: ReturnType<typeof portsOf>; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const address = addressOfType(pod, type);
    if (address === undefined || isStranded(service, pod, nodes)) continue;
    const ports = portsOf(service, pod);
    const group = groups.get(JSON.stringify(ports)) ?? { ports, endpoints: [] };
    groups.set(JSON.stringify(ports), group);
    group.endpoints.push(computeEndpoint(service, pod, address, nodes));
  }
  return [...groups.values()];
}

/** Its node is gone, and with it whatever answered at its address; who publishes all addresses wants it even so. */
function isStranded({ spec }: Cached<Service>, pod: Cached<Pod>, nodes: NodeLookup): boolean {
  const { nodeName } = pod.spec ?? {};
  return Boolean(nodeName) && nodes.get(nodeName ?? '') === undefined && spec?.publishNotReadyAddresses !== true;
}

/** One pod as an endpoint. */
export function computeEndpoint(
  service: Cached<Service>,
  pod: Cached<Pod>,
  address: string,
  nodes: NodeLookup,
): Endpoint {
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName === undefined ? undefined : nodes.get(nodeName)?.metadata.labels?.[zoneLabel];
  const hostname = hostnameOf(service, pod);
  const conditions = conditionsOf(service, pod);
  return {
    addresses: [address],
    conditions,
    ...(hostname !== undefined && { hostname }),
    ...(conditions.ready && computeHints(service, nodeName, zone)),
    targetRef: targetReference(pod),
    ...(nodeName !== undefined && { nodeName }),
    ...(zone !== undefined && { zone }),
  };
}

/** Where the traffic to this endpoint should come from, when the Service prefers what is close. */
function computeHints({ spec }: Cached<Service>, nodeName: string | undefined, zone: string | undefined): object {
  switch (spec?.trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return zone === undefined ? {} : { hints: { forZones: [{ name: zone }] } };
    case 'PreferSameNode':
      return {
        hints: { ...(zone && { forZones: [{ name: zone }] }), ...(nodeName && { forNodes: [{ name: nodeName }] }) },
      };
    default:
      return {};
  }
}

/** The Service's own, and whose slices they are. */
export function computeSliceLabels(service: Cached<Service>): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    [serviceNameLabel]: service.metadata.name,
    [managedByLabel]: sliceManager,
    ...(isHeadless(service.spec ?? {}) && { [headlessLabel]: '' }),
  };
}
