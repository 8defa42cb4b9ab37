/** Which addresses and ports a Service needs, and what an update keeps of what its previous version held. Pure. */

import type { ServicePort, ServiceSpec } from 'kubernetes-types/core/v1';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

type ReadSpec = DeepReadonly<ServiceSpec>;

export const isHeadless = (spec: ReadSpec): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';

export const needsClusterIp = ({ type = 'ClusterIP' }: ReadSpec): boolean => type !== 'ExternalName';

export const needsNodePort = ({ type, allocateLoadBalancerNodePorts }: ReadSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);

export const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ReadSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** What clients leave out of an update although they do not mean to give it up. */
export function keepAllocated(next: ServiceSpec, previous: ReadSpec): void {
  if (needsClusterIp(next) && needsClusterIp(previous)) {
    if (!next.clusterIP && previous.clusterIP) next.clusterIP = previous.clusterIP;
    if (!next.clusterIPs?.length && next.clusterIP === previous.clusterIP && previous.clusterIPs)
      next.clusterIPs = [...previous.clusterIPs];
  }
  if (needsNodePort(next) && needsNodePort(previous)) keepNodePorts(next.ports ?? [], previous.ports ?? []);
  if (
    needsHealthCheckPort(next) &&
    needsHealthCheckPort(previous) &&
    !next.healthCheckNodePort &&
    previous.healthCheckNodePort
  ) {
    next.healthCheckNodePort = previous.healthCheckNodePort;
  }
}

/** A port keeps its node port as long as it keeps its name. */
function keepNodePorts(next: ServicePort[], previous: readonly DeepReadonly<ServicePort>[]): void {
  const byName = new Map(previous.map(({ name = '', nodePort }) => [name, nodePort]));
  const wanted = new Set(next.map(({ nodePort }) => nodePort));
  for (const port of next) {
    const former = byName.get(port.name ?? '');
    if (!port.nodePort && former && !wanted.has(former)) port.nodePort = former;
  }
}

/** `clusterIP` and the first of `clusterIPs` say the same; whoever changes one of them means both. */
export function alignClusterIps(next: ServiceSpec, previous: ReadSpec | undefined): void {
  if (previous === undefined) {
    if (next.clusterIP && !next.clusterIPs?.length) next.clusterIPs = [next.clusterIP];
    return;
  }
  if ((next.clusterIP ?? '') === (previous.clusterIP ?? '')) return;
  const isSameList = JSON.stringify(next.clusterIPs ?? []) === JSON.stringify(previous.clusterIPs ?? []);
  if (!isSameList) return;
  if (next.clusterIP) next.clusterIPs = [next.clusterIP];
  else delete next.clusterIPs;
}

/** Families and their policy, as they follow from the addresses and from what the cluster has. */
export function completeFamilies(spec: ServiceSpec): void {
  if (!needsClusterIp(spec)) return;
  const isSelectorless = Object.keys(spec.selector ?? {}).length === 0;
  const wantsBoth =
    (isHeadless(spec) && isSelectorless) || (spec.ipFamilies?.length ?? 0) > 1 || (spec.clusterIPs?.length ?? 0) > 1;
  spec.ipFamilyPolicy ??= wantsBoth ? 'RequireDualStack' : 'SingleStack';
  if (spec.ipFamilies?.length) {
    const isOpen = isHeadless(spec) && isSelectorless && spec.ipFamilyPolicy !== 'SingleStack';
    if (isOpen && spec.ipFamilies.length === 1) spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4');
    return;
  }
  const isDual = isHeadless(spec) && isSelectorless && spec.ipFamilyPolicy !== 'SingleStack';
  spec.ipFamilies = isDual ? ['IPv4', 'IPv6'] : ['IPv4'];
}
