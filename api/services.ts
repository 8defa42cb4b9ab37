/** What many ask about one Service, answered in one place. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { ServiceSpec } from './types/core/v1.ts';

type SpecView = DeepReadonly<ServiceSpec>;

/** It has no address of its own: its names lead to its pods. `clusterIP` counts where `clusterIPs` is not filled in. */
export function isHeadless({ clusterIP, clusterIPs }: SpecView): boolean {
  return clusterIPs?.length === 1 ? clusterIPs[0] === 'None' : clusterIP === 'None';
}

/** An address of the cluster, or `None`: all but names of something else. */
export function needsClusterIp({ type }: SpecView): boolean {
  return type !== 'ExternalName';
}

/** May have ports on the nodes. */
export function hasNodePorts({ type }: SpecView): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

/** A load balancer asks each node whether it has pods of the Service. */
export function needsHealthCheckPort({ type, externalTrafficPolicy }: SpecView): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}
