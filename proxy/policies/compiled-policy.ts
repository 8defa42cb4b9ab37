/** NetworkPolicies as what they allow, with their texts read. Pure. Which pods that means is asked later. */

import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/networking/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import { type AddressRange, rangesOfBlock } from './address-ranges.ts';
import { anyone, type PeerChoice, type PodPeer } from './peers.ts';
import type { Selector } from './pod-index.ts';

type Spec = NonNullable<Cached<NetworkPolicy>['spec']>;
type Direction = 'ingress' | 'egress';

export const protocols = ['TCP', 'UDP', 'SCTP'] as const;
export type Protocol = (typeof protocols)[number];

/** Both ends belong to it. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly from: number;
  readonly to: number;
}

export type AllowedPort = PortRange | { readonly protocol: Protocol; readonly name: string };

export interface AllowRule {
  readonly peers: PeerChoice;
  /** Undefined: all ports of all protocols. */
  readonly ports: readonly AllowedPort[] | undefined;
}

export interface CompiledPolicy {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly selector: Selector;
  /** Undefined: it does not isolate in this direction. */
  readonly ingress: readonly AllowRule[] | undefined;
  readonly egress: readonly AllowRule[] | undefined;
  /** What of it cannot be served, and allows nothing therefore. */
  readonly problems: readonly string[];
}

export function compilePolicy({ metadata, spec }: Cached<NetworkPolicy>): CompiledPolicy {
  const problems: string[] = [];
  const { namespace = '', name } = metadata;
  const { podSelector = {}, ingress = [], egress = [] }: Partial<Spec> = spec ?? {};
  const has = (direction: Direction) => isolates(spec ?? {}, direction);
  const rule = (
    ports: readonly DeepReadonly<NetworkPolicyPort>[] | undefined,
    peers: readonly DeepReadonly<NetworkPolicyPeer>[],
  ) => ({
    peers: peers.length === 0 ? anyone : choiceOf(peers, namespace, problems),
    ports: ports === undefined || ports.length === 0 ? undefined : ports.flatMap((port) => portOf(port, problems)),
  });
  return {
    key: `${namespace}/${name}`,
    namespace,
    selector: podSelector,
    ingress: has('ingress') ? ingress.map(({ ports, from = [] }) => rule(ports, from)) : undefined,
    egress: has('egress') ? egress.map(({ ports, to = [] }) => rule(ports, to)) : undefined,
    problems,
  };
}

/** Policies that were stored without types are about ingress, and about egress when they have such rules. */
function isolates({ policyTypes = [], egress = [] }: Partial<Spec>, direction: Direction): boolean {
  if (policyTypes.length > 0) return policyTypes.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
  return direction === 'ingress' || egress.length > 0;
}

function choiceOf(
  peers: readonly DeepReadonly<NetworkPolicyPeer>[],
  namespace: string,
  problems: string[],
): PeerChoice {
  const pods: PodPeer[] = [];
  const ranges: AddressRange[] = [];
  for (const { ipBlock, namespaceSelector, podSelector = {} } of peers) {
    if (ipBlock === undefined) {
      const namespaces = namespaceSelector === undefined ? { named: namespace } : { labelled: namespaceSelector };
      pods.push({ namespaces, selector: podSelector });
      continue;
    }
    const covered = rangesOfBlock(ipBlock.cidr, ipBlock.except);
    if (covered === undefined) problems.push(`the ipBlock ${JSON.stringify(ipBlock)} is no block of addresses`);
    else ranges.push(...covered);
  }
  return { pods, ranges };
}

function portOf(
  { protocol: text = 'TCP', port, endPort }: DeepReadonly<NetworkPolicyPort>,
  problems: string[],
): AllowedPort[] {
  const protocol = protocols.find((one) => one === text);
  if (protocol === undefined) {
    problems.push(`the protocol ${text} is unknown`);
    return [];
  }
  if (port === undefined) return [{ protocol, from: 0, to: 65_535 }];
  if (typeof port === 'string') return [{ protocol, name: port }];
  return [{ protocol, from: port, to: endPort ?? port }];
}
