/** What the types of Services need, and what goes when a Service changes from one type to another. Pure. */

import { equalJson } from '../../../api/json-record.ts';
import { hasNodePorts, needsClusterIp, needsHealthCheckPort } from '../../../api/services.ts';
import type { ServiceSpec } from '../../../api/types/core/v1.ts';

/** Reached from outside: traffic policy for the outside means something. */
export const isExternallyReachable = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0);

const isLoadBalancer = ({ type }: ServiceSpec): boolean => type === 'LoadBalancer';

/** Which fields belong to which types: a client that changes only the type does not mean to keep the others'. */
const dependentFields: readonly (readonly [keyof ServiceSpec, (spec: ServiceSpec) => boolean])[] = [
  ['ipFamilies', needsClusterIp],
  ['ipFamilyPolicy', needsClusterIp],
  ['internalTrafficPolicy', needsClusterIp],
  ['healthCheckNodePort', needsHealthCheckPort],
  ['allocateLoadBalancerNodePorts', isLoadBalancer],
  ['loadBalancerClass', isLoadBalancer],
  ['externalTrafficPolicy', isExternallyReachable],
];

export function dropTypeDependentFields(next: ServiceSpec, previous: ServiceSpec): void {
  for (const [field, belongs] of dependentFields) {
    if (belongs(previous) && !belongs(next) && equalJson(next[field], previous[field]))
      Reflect.deleteProperty(next, field);
  }
  if (needsClusterIp(previous) && !needsClusterIp(next) && sameAddresses(next, previous)) {
    delete next.clusterIP;
    delete next.clusterIPs;
  }
  if (!hasNodePorts(previous) || hasNodePorts(next)) return;
  const before = new Set((previous.ports ?? []).map(({ nodePort }) => nodePort));
  if ((next.ports ?? []).some(({ nodePort }) => nodePort && !before.has(nodePort))) return;
  for (const port of next.ports ?? []) delete port.nodePort;
}

const sameAddresses = (a: ServiceSpec, b: ServiceSpec): boolean =>
  (a.clusterIP ?? '') === (b.clusterIP ?? '') && equalJson(a.clusterIPs ?? [], b.clusterIPs ?? []);
