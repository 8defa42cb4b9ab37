/**
 * Policies, pods, nodes and namespaces as informers see them, made into the world that a program is computed from.
 * What was read of an object is kept as long as the object is the same one.
 */

import { contains, type Network, parseCidr, parseIp } from '../../api/net.ts';
import type { Namespace, Node, Pod } from '../../api/types/core/v1.ts';
import type { NetworkPolicy } from '../../api/types/networking/v1.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import { networksOf } from '../routes/route-plan.ts';
import { type CompiledPolicy, compilePolicy } from './compiled-policy.ts';
import { dnsPeersOf } from './dns-peer.ts';
import { type PodFacts, podFactsOf } from './pod-facts.ts';
import { PodIndex } from './pod-index.ts';
import type { PolicyWorld } from './policy-program.ts';

export interface PolicySources {
  readonly policies: ObjectCache<NetworkPolicy>;
  readonly pods: ObjectCache<Pod>;
  readonly nodes: ObjectCache<Node>;
  readonly namespaces: ObjectCache<Namespace>;
}

export class PolicyFacts {
  readonly #nodeName: string;
  readonly #pods = new WeakMap<Cached<Pod>, { readonly facts: PodFacts | undefined }>();
  readonly #policies = new WeakMap<Cached<NetworkPolicy>, CompiledPolicy>();

  constructor(nodeName: string) {
    this.#nodeName = nodeName;
  }

  read({ policies, pods, nodes, namespaces }: PolicySources, dnsAddresses: readonly string[]): PolicyWorld {
    const networks = new Map(
      Array.from(nodes.list(), (node) => [node.metadata.name, networksOf(node).flatMap((one) => parseCidr(one) ?? [])]),
    );
    const facts = dnsPeersOf(dnsAddresses);
    for (const pod of pods.list()) {
      const found = this.podFacts(pod);
      if (found !== undefined && this.#mayHaveAddress(found, networks)) facts.push(found);
    }
    const labels = Array.from(namespaces.list(), ({ metadata }) => [metadata.name, metadata.labels ?? {}] as const);
    const own = nodes.get(this.#nodeName);
    return {
      policies: Array.from(policies.list(), (policy) => this.#compile(policy)),
      pods: new PodIndex(facts, new Map(labels)),
      nodeName: this.#nodeName,
      nodeNetworks: own === undefined ? [] : networksOf(own),
      dnsAddresses,
    };
  }

  podFacts(pod: Cached<Pod>): PodFacts | undefined {
    const known = this.#pods.get(pod);
    if (known !== undefined) return known.facts;
    const facts = podFactsOf(pod);
    this.#pods.set(pod, { facts });
    return facts;
  }

  /**
   * A pod of another node must not pass for one elsewhere, whatever that node writes. One of this node is isolated
   * under whichever address it has.
   */
  #mayHaveAddress({ nodeName, address }: PodFacts, networks: ReadonlyMap<string, readonly Network[]>): boolean {
    if (nodeName === this.#nodeName) return true;
    const ip = parseIp(address);
    return ip !== undefined && (networks.get(nodeName) ?? []).some((network) => contains(network, ip));
  }

  #compile(policy: Cached<NetworkPolicy>): CompiledPolicy {
    const known = this.#policies.get(policy);
    if (known !== undefined) return known;
    const compiled = compilePolicy(policy);
    this.#policies.set(policy, compiled);
    return compiled;
  }
}
