/**
 * CONTRACT: what the proxy programs, computed purely from Services and EndpointSlices. `nftables.ts` and
 * `userspace.ts` make it so; neither looks at an API object.
 *
 * Which endpoints take traffic is upstream's rule: the ready ones; where there is none, those that end but still
 * serve. IPv4 only.
 */

import {
  type Candidate,
  candidatesOf,
  type Endpoint,
  endpointsOf,
  isIpv4,
  type Protocol,
  protocolOf,
} from '../../api/endpoint-choice.ts';
import { isForeignAddress } from '../../api/special-ip.ts';
import type { Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { Cached } from '../../client/object-cache.ts';

/** One port of one Service. */
export interface ServiceRule {
  /** `namespace/name:port name`. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly clusterIp: string;
  /** Addresses from outside the cluster that lead here: external IPs and those of load balancers. */
  readonly externalIps: readonly string[];
  /** Of `externalIps`, those that only some senders may use: their CIDRs. */
  readonly sourceRanges: { readonly addresses: readonly string[]; readonly cidrs: readonly string[] } | undefined;
  readonly nodePort: number | undefined;
  /** How long a client stays with its endpoint; 0: no longer than a connection. */
  readonly affinitySeconds: number;
  /** Where traffic to the cluster IP goes. */
  readonly internal: readonly Endpoint[];
  /** Whether `internal` are only endpoints on this node (internalTrafficPolicy Local). */
  readonly internalLocal: boolean;
  /** Where traffic from outside goes, by node port and external IPs. */
  readonly external: readonly Endpoint[];
  /**
   * Whether `external` are only endpoints on this node (externalTrafficPolicy Local): such traffic keeps its sender's
   * address; it is dropped, not refused, where the node has no endpoint but another one does.
   */
  readonly externalLocal: boolean;
  /** All endpoints wherever they are: where this node's own pods go when they use an external address. */
  readonly anywhere: readonly Endpoint[];
}

export interface Rules {
  /** Sorted by name. */
  readonly services: readonly ServiceRule[];
  /** Addresses of endpoints on this node: a pod there may reach itself through a Service. */
  readonly localAddresses: readonly string[];
  /** At which this node answers itself: what is sent to them and from them is not remembered by the kernel. */
  readonly ownAddresses?: readonly string[];
}

export interface RuleInput {
  readonly services: Iterable<Cached<Service>>;
  /** The slices of a Service, by `namespace/name`. */
  slicesOf(service: string): Iterable<Cached<EndpointSlice>>;
  readonly nodeName: string;
  /** Cluster IPs at which this node answers itself: no rule leads elsewhere from there. */
  readonly ownAddresses?: readonly string[];
}

const otherProxy = 'service.kubernetes.io/service-proxy-name';

export function computeRules({ services, slicesOf, nodeName, ownAddresses = [] }: RuleInput): Rules {
  const rules: ServiceRule[] = [];
  const localAddresses = new Set<string>();
  for (const service of services) {
    if (!isProxied(service) || ownAddresses.includes(clusterIpOf(service.spec ?? {}) ?? '')) continue;
    const candidates = [...slicesOf(`${service.metadata.namespace}/${service.metadata.name}`)].flatMap((slice) =>
      candidatesOf(slice).map((one): PlacedCandidate => ({ ...one, local: one.nodeName === nodeName })),
    );
    for (const { address, local } of candidates) if (local) localAddresses.add(address);
    for (const port of service.spec?.ports ?? []) rules.push(computeRule(service, port, candidates));
  }
  rules.sort((a, b) => compareText(a.name, b.name));
  return { services: rules, localAddresses: [...localAddresses].sort(), ownAddresses: [...ownAddresses].sort() };
}

interface PlacedCandidate extends Candidate {
  readonly local: boolean;
}

type ServicePort = NonNullable<NonNullable<Cached<Service>['spec']>['ports']>[number];

function isProxied({ metadata, spec }: Cached<Service>): boolean {
  if (spec === undefined || spec.type === 'ExternalName' || metadata.labels?.[otherProxy] !== undefined) return false;
  return clusterIpOf(spec) !== undefined;
}

function clusterIpOf(spec: NonNullable<Cached<Service>['spec']>): string | undefined {
  return [spec.clusterIP ?? '', ...(spec.clusterIPs ?? [])].find(isIpv4);
}

function computeRule(service: Cached<Service>, port: ServicePort, candidates: readonly PlacedCandidate[]): ServiceRule {
  const { metadata, spec = {} } = service;
  const protocol = protocolOf(port.protocol);
  const usable = (some: readonly Candidate[]) => endpointsOf(some, port.name ?? '', protocol);
  const anywhere = usable(candidates);
  const local = usable(candidates.filter((candidate) => candidate.local));
  const externalLocal = spec.externalTrafficPolicy === 'Local';
  const balancers = balancerIps(service);
  const cidrs = (spec.loadBalancerSourceRanges ?? []).map((cidr) => cidr.trim()).filter((cidr) => !cidr.includes(':'));
  return {
    name: `${metadata.namespace}/${metadata.name}:${port.name ?? ''}`,
    protocol,
    port: port.port,
    clusterIp: clusterIpOf(spec) ?? '',
    externalIps: [...new Set([...(spec.externalIPs ?? []).filter(isForeignIpv4), ...balancers])].sort(),
    sourceRanges: cidrs.length > 0 && balancers.length > 0 ? { addresses: balancers, cidrs } : undefined,
    nodePort: port.nodePort ? port.nodePort : undefined,
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    internal: spec.internalTrafficPolicy === 'Local' ? local : anywhere,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    external: externalLocal ? local : anywhere,
    externalLocal,
    anywhere,
  };
}

function balancerIps({ status }: Cached<Service>): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap((ingress) => {
    const mode = ingress.ipMode;
    return ingress.ip !== undefined && mode !== 'Proxy' && isForeignIpv4(ingress.ip) ? [ingress.ip] : [];
  });
}

const isForeignIpv4 = (address: string): boolean => isIpv4(address) && isForeignAddress(address);
