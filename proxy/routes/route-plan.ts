/**
 * Which routes a node needs so that its pods reach those of other nodes: each node's part of the pod network, by way of
 * that node's address. Pure.
 *
 * What a node says of itself is not trusted with more than that: a network outside the pod network, or one that another
 * node has already, gets no route.
 */

import { contains, isStrictSubset, type Network, parseCidr, parseIp } from '../../api/net.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

/** One line of the kernel's table. */
export interface Route {
  /** `10.244.2.0/24` */
  readonly network: string;
  /** The address of the node that has it. */
  readonly gateway: string;
}

export interface RouteQuestion {
  readonly nodes: Iterable<DeepReadonly<Node>>;
  readonly ownName: string;
  readonly clusterCidr: string;
}

/** In the order of their networks. Of two nodes that claim the same addresses, the older one has them. */
export function computeRoutes({ nodes, ownName, clusterCidr }: RouteQuestion): Route[] {
  const cluster = parseCidr(clusterCidr);
  if (cluster === undefined) return [];
  const sorted = [...nodes].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
  const taken: Network[] = [];
  const routes: Route[] = [];
  for (const node of sorted) {
    const isOwn = node.metadata?.name === ownName;
    const gateway = addressOf(node);
    for (const network of networksOf(node)) {
      const parsed = parseCidr(network);
      if (parsed === undefined || !isStrictSubset(parsed, cluster) || taken.some((one) => meet(one, parsed))) continue;
      taken.push(parsed);
      if (!isOwn && gateway !== undefined) routes.push({ network, gateway });
    }
  }
  return routes.sort((a, b) => (a.network < b.network ? -1 : 1));
}

export interface RouteChanges {
  readonly set: readonly Route[];
  readonly remove: readonly Route[];
}

/** What makes `present` into `wanted`. `present` is only what we made, and of this cluster. */
export function computeRouteChanges(wanted: readonly Route[], present: readonly Route[]): RouteChanges {
  const isIn = (routes: readonly Route[], { network, gateway }: Route) =>
    routes.some((one) => one.network === network && one.gateway === gateway);
  const keeps = (network: string) => wanted.some((one) => one.network === network);
  return {
    set: wanted.filter((one) => !isIn(present, one)),
    remove: present.filter(({ network }) => !keeps(network)),
  };
}

/** Whether a network is part of the cluster's. */
export function isWithin(network: string, clusterCidr: string): boolean {
  const [inner, outer] = [parseCidr(network), parseCidr(clusterCidr)];
  return inner !== undefined && outer !== undefined && isStrictSubset(inner, outer);
}

/** All that routes are made of, for telling whether a change of a node matters. */
export const routeFactsOf = (node: DeepReadonly<Node>): string =>
  JSON.stringify([networksOf(node), addressOf(node), ageOf(node)]);

const ageOf = ({ metadata }: DeepReadonly<Node>): string => `${metadata?.creationTimestamp} ${metadata?.name}`;

/** A node's parts of the pod network, of IPv4. */
export function networksOf({ spec }: DeepReadonly<Node>): readonly string[] {
  const all = spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
  return all.filter((one) => parseCidr(one)?.family === 4);
}

function addressOf({ status }: DeepReadonly<Node>): string | undefined {
  const internal = status?.addresses?.find(({ type, address }) => type === 'InternalIP' && isUsable(address));
  return internal?.address;
}

function isUsable(address: string): boolean {
  const ip = parseIp(address);
  const loopback = parseCidr('127.0.0.0/8');
  return ip?.family === 4 && loopback !== undefined && !contains(loopback, ip);
}

function meet(a: Network, b: Network): boolean {
  const first = ({ family, address }: Network) => ({ family, value: address });
  return contains(a, first(b)) || contains(b, first(a));
}
