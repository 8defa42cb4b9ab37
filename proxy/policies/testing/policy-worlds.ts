/** Small clusters for tests of policies. */

import type { Pod } from '../../../api/types/core/v1.ts';
import type { NetworkPolicy, NetworkPolicySpec } from '../../../api/types/networking/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { NftProgram } from '../../nftables/nft-program.ts';
import { compilePolicy } from '../compiled-policy.ts';
import { dnsPeersOf } from '../dns-peer.ts';
import { podFactsOf } from '../pod-facts.ts';
import { PodIndex } from '../pod-index.ts';
import { computePolicyProgram } from '../policy-program.ts';
import type { JudgedWorld } from './spec-judge.ts';

type Labels = Readonly<Record<string, string>>;

export interface PodSketch {
  readonly namespace?: string;
  readonly address: string;
  readonly labels?: Labels;
  readonly node?: string;
  readonly ports?: readonly { name: string; containerPort: number; protocol?: string }[];
}

export const ownNode = 'a';
export const dnsAddress = '10.96.0.10';

export function podOf(sketch: PodSketch, more: { hostNetwork?: boolean; phase?: string } = {}): Pod {
  const { namespace = 'x', address, labels = {}, node = ownNode, ports = [] } = sketch;
  const { hostNetwork = false, phase = 'Running' } = more;
  return {
    metadata: { namespace, name: `pod-${address.replaceAll('.', '-')}`, labels: { ...labels } },
    spec: {
      nodeName: node,
      hostNetwork,
      containers: [{ name: 'c', image: 'i', ports: ports.map((one) => ({ ...one })) }],
    },
    status: { phase, podIP: address, podIPs: [{ ip: address }] },
  };
}

export function policyOf(name: string, spec: NetworkPolicySpec, namespace = 'x'): NetworkPolicy {
  const policyTypes = spec.policyTypes ?? (spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
  return { metadata: { namespace, name }, spec: { ...spec, policyTypes } };
}

/** What the node `a` gets of it. */
export function programOf(
  { policies, pods, namespaces }: JudgedWorld,
  { nodeNetworks = [], dnsAddresses = [] }: { readonly nodeNetworks?: string[]; readonly dnsAddresses?: string[] } = {},
): NftProgram {
  const facts = [...pods.flatMap((pod) => podFactsOf(pod) ?? []), ...dnsPeersOf(dnsAddresses)];
  const world = {
    policies: policies.map((policy) => compilePolicy(storedOf(policy))),
    pods: new PodIndex(facts, namespaces),
    nodeName: ownNode,
    ...{ nodeNetworks, dnsAddresses },
  };
  return computePolicyProgram(world, { table: 'longshore-policies', clusterId: 'test' });
}

export function storedOf(policy: NetworkPolicy): Cached<NetworkPolicy> {
  const { name = '', namespace = '' } = policy.metadata ?? {};
  const times = { uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return {
    ...policy,
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, ...times },
  };
}
