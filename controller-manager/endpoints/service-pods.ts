/** Which pods are behind a Service, and on which ports. Pure; Endpoints and EndpointSlices are both made from it. */

import { isIPv6 } from 'node:net';
import { matchesLabels } from '../../api/label-selector.ts';
import { isPodFinished, isPodReady, isPodTerminating, sidecarsOf } from '../../api/pods.ts';
import type { Pod, Service, ServicePort } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached, ObjectCache, ObjectChange } from '../../client/object-cache.ts';

export interface EndpointPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly appProtocol?: string;
}

export const addressTypes = ['IPv4', 'IPv6'] as const;
export type AddressType = (typeof addressTypes)[number];

export const headlessLabel = 'service.kubernetes.io/headless';

/** Has a selector, so that its endpoints are made here; others' endpoints belong to their users. */
export function selectsPods({ spec }: Cached<Service>): boolean {
  return spec?.selector !== undefined && spec.type !== 'ExternalName';
}

export function matchingPods({ spec, metadata }: Cached<Service>, pods: ObjectCache<Pod>): Cached<Pod>[] {
  const selector = spec?.selector ?? {};
  return [...pods.list(metadata.namespace)].filter((pod) => matchesLabels(selector, pod.metadata.labels ?? {}));
}

/** It has an address and may still answer. */
export function isEndpoint(pod: Cached<Pod>): boolean {
  return !isPodFinished(pod) && addressesOf(pod).length > 0;
}

export function addressesOf({ status }: Cached<Pod>): string[] {
  const all = (status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== undefined && ip !== '');
  return all.length > 0 ? all : status?.podIP ? [status.podIP] : [];
}

export function addressOfType(pod: Cached<Pod>, type: AddressType): string | undefined {
  return addressesOf(pod).find((address) => isIPv6(address) === (type === 'IPv6'));
}

export function addressTypesOf({ spec }: Cached<Service>): AddressType[] {
  const families = (spec?.ipFamilies ?? []).flatMap((family) => addressTypes.filter((type) => type === family));
  if (families.length > 0) return families;
  return [isIPv6(spec?.clusterIP ?? '') ? 'IPv6' : 'IPv4'];
}

/** The Service's ports as this pod has them; a named port that the pod lacks is left out. */
export function portsOf(service: Cached<Service>, pod: Cached<Pod>): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod);
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return port === undefined ? [] : [{ name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

function targetPort({ targetPort: target, port, protocol = 'TCP' }: DeepReadonly<ServicePort>, pod: Cached<Pod>) {
  if (typeof target === 'number') return target === 0 ? port : target;
  if (target === undefined || target === '') return port;
  const sidecars = sidecarsOf(pod.spec);
  const containers = [...(pod.spec?.containers ?? []), ...sidecars];
  const named = containers
    .flatMap(({ ports = [] }) => ports)
    .find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol);
  return named?.containerPort;
}

export interface PodConditions {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

export function conditionsOf(service: Cached<Service>, pod: Cached<Pod>): PodConditions {
  const serving = isPodReady(pod);
  const terminating = isPodTerminating(pod);
  return { ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating };
}

/** The name that a headless Service gives this pod in DNS. */
export function hostnameOf(service: Cached<Service>, pod: Cached<Pod>): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}

export function targetReference({ metadata }: Cached<Pod>): {
  kind: string;
  namespace: string;
  name: string;
  uid: string;
} {
  return { kind: 'Pod', namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid };
}

/** Keys of the Services that a change of a pod concerns; none when nothing changed that endpoints show. */
export function servicesOfPodChange({ previous, next }: ObjectChange<Pod>, services: ObjectCache<Service>): string[] {
  if (previous !== undefined && next !== undefined && visibleState(previous) === visibleState(next)) return [];
  const namespace = (next ?? previous)?.metadata.namespace;
  const states = [previous, next].filter((pod) => pod !== undefined);
  const concerned = [...services.list(namespace)].filter(
    (service) =>
      selectsPods(service) &&
      states.some(({ metadata }) => matchesLabels(service.spec?.selector ?? {}, metadata.labels ?? {})),
  );
  return concerned.map(({ metadata }) => `${namespace}/${metadata.name}`);
}

function visibleState(pod: Cached<Pod>): string {
  const { metadata, spec } = pod;
  const life = [metadata.uid, metadata.deletionTimestamp, isPodReady(pod), isPodFinished(pod)];
  return JSON.stringify([life, metadata.labels, addressesOf(pod), spec?.nodeName, spec?.hostname, spec?.subdomain]);
}
