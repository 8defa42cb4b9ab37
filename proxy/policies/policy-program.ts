/**
 * NetworkPolicies as a program for nftables: what the table `ip longshore-policies` of a node holds. Pure.
 *
 * Judged are connections, by what the kernel remembers of them: who began it (before its address was replaced), who
 * answers (behind a Service: the pod), and the port of the latter. Packets of both directions say the same, so each
 * packet is judged, no matter how old its connection is: what a new policy forbids ends at once, and answers to what
 * is allowed pass.
 *
 *   forward ─┬─ unknown address of this node ──────────────────────────────► drop
 *            ├─ began by ──► @egress ──► eg-… ─┬─ @pods-…, @nets-… (all ports) ─► return
 *            └─ answered by ► @ingress ► in-…  ├─ port ► to-… ─ @pods-…, @nets-… ► return
 *                                              └─ drop
 *   input ─── to the DNS of this node, from a pod that may not ask it ──────► drop
 *
 * A packet looks into one map for each direction, one for its port and at most four sets, however many policies there
 * are. Chains are named by what they hold, so pods that are allowed the same share them; a pod that comes or goes only
 * changes elements.
 *
 * Traffic of a pod with its own node is in no way of these but for the DNS: upstream allows it always.
 */

import { createHash } from 'node:crypto';
import { type NftProgram, ProgramBuilder } from '../nftables/nft-program.ts';
import { formatRange, isInRanges } from './address-ranges.ts';
import type { CompiledPolicy, Protocol } from './compiled-policy.ts';
import { anyone, type PeerChoice, podsOf, uniteChoices } from './peers.ts';
import type { PodFacts } from './pod-facts.ts';
import type { PodIndex } from './pod-index.ts';
import { allowsOf, type Direction, directions, groupPolicies, isolationKeyOf, policiesOf } from './pod-isolation.ts';
import { type Allow, computePermissions, type PortSegment } from './port-segments.ts';

/** What is always there. */
const definitions: Readonly<Record<string, string>> = {
  egress: 'map egress { type ipv4_addr : verdict; }',
  ingress: 'map ingress { type ipv4_addr : verdict; }',
  known: 'set known { type ipv4_addr; }',
  isolated: 'set isolated { type ipv4_addr; }',
  selves: 'set selves { type ipv4_addr . ipv4_addr; }',
  'dns-addresses': 'set dns-addresses { type ipv4_addr; }',
  'dns-refused': 'set dns-refused { type ipv4_addr . ipv4_addr . inet_proto; }',
};

/** Those that have rules however little is asked for. */
export const policyBaseChains = ['forward', 'strays', 'input'];

export interface PolicyWorld {
  readonly policies: readonly CompiledPolicy[];
  readonly pods: PodIndex;
  readonly nodeName: string;
  /** The node's parts of the pod network. */
  readonly nodeNetworks: readonly string[];
  /** Cluster IPs at which this node's DNS answers. The pods of the index have them, too: see `dns-peer.ts`. */
  readonly dnsAddresses: readonly string[];
}

export interface PolicyProgramOptions {
  readonly table: string;
  readonly clusterId?: string | undefined;
}

export function computePolicyProgram(world: PolicyWorld, options: PolicyProgramOptions): NftProgram {
  return new PolicyCompiler(world, options).compile();
}

/** What becomes of a pod in one direction. */
interface Isolation {
  /** Where its connections are judged; undefined: all are allowed. */
  readonly chain: string | undefined;
  /** Addresses of the node's DNS and protocols by which it must not be asked. */
  readonly dnsRefused: readonly (readonly [address: string, protocol: string])[];
}

class PolicyCompiler {
  readonly #world: PolicyWorld;
  readonly #program: ProgramBuilder;
  readonly #isolations = new Map<string, Isolation>();
  readonly #members = new Map<string, ReadonlySet<string>>();

  constructor(world: PolicyWorld, { table, clusterId }: PolicyProgramOptions) {
    this.#world = world;
    this.#program = new ProgramBuilder({ table, definitions, clusterId });
  }

  compile(): NftProgram {
    const { pods, policies, nodeName, dnsAddresses } = this.#world;
    this.#addBaseChains();
    for (const address of dnsAddresses) this.#program.addEntry('dns-addresses', address);
    const grouped = groupPolicies(policies);
    for (const pod of pods.all()) if (pod.nodeName === nodeName) this.#addPod(pod, policiesOf(pod, grouped));
    return this.#program;
  }

  #addBaseChains(): void {
    const { nodeNetworks } = this.#world;
    const hook = (at: string) => `type filter hook ${at} priority filter - 5; policy accept;`;
    const unknown = (...fields: string[]) =>
      nodeNetworks.flatMap((network) => fields.map((field) => `${field} ${network} ${field} != @known drop`));
    this.#program.addChain('forward', hook('forward'), [
      'ct state invalid,untracked goto strays',
      'ct original ip saddr . ct reply ip saddr @selves accept',
      ...unknown('ct original ip saddr', 'ct reply ip saddr'),
      'ct original ip saddr vmap @egress',
      'ct reply ip saddr vmap @ingress',
    ]);
    // Of no connection that the kernel knows: it cannot be one that is allowed.
    this.#program.addChain('strays', '', [
      'ip saddr @isolated drop',
      'ip daddr @isolated drop',
      ...unknown('ip saddr', 'ip daddr'),
    ]);
    this.#program.addChain('input', hook('input'), [
      'ip daddr . ip saddr . meta l4proto @dns-refused drop',
      ...nodeNetworks.map((network) => `ip daddr @dns-addresses ip saddr ${network} ip saddr != @known drop`),
    ]);
  }

  #addPod(pod: PodFacts, policies: readonly CompiledPolicy[]): void {
    const { address } = pod;
    this.#program.addEntry('known', address);
    for (const direction of directions) {
      const { chain, dnsRefused } = this.#isolationOf(pod, policies, direction);
      if (chain === undefined) continue;
      this.#program.addEntry(direction, address, `jump ${chain}`);
      for (const [dns, protocol] of dnsRefused)
        this.#program.addEntry('dns-refused', `${dns} . ${address} . ${protocol}`);
      this.#program.addEntry('isolated', address);
      this.#program.addEntry('selves', `${address} . ${address}`);
    }
  }

  #isolationOf(pod: PodFacts, policies: readonly CompiledPolicy[], direction: Direction): Isolation {
    const key = isolationKeyOf(pod, policies, direction);
    const known = this.#isolations.get(key);
    if (known !== undefined) return known;
    const allows = allowsOf(pod, policies, direction, this.#world.pods);
    const isolation: Isolation =
      allows === undefined
        ? { chain: undefined, dnsRefused: [] }
        : {
            chain: this.#makeChain(allows, direction),
            dnsRefused: direction === 'egress' ? this.#dnsRefusedBy(allows) : [],
          };
    this.#isolations.set(key, isolation);
    return isolation;
  }

  /** Undefined: all is allowed. */
  #makeChain(allows: readonly Allow[], direction: Direction): string | undefined {
    const { allPorts, segments } = computePermissions(allows);
    if (allPorts === anyone) return undefined;
    const rules = allPorts === undefined ? [] : this.#returnsFor(allPorts, direction);
    for (const [protocol, found] of segments) {
      const [first] = found;
      if (first === undefined) continue;
      const port = `meta l4proto ${protocol.toLowerCase()} ct reply proto-src`;
      const entries = found.map((segment) => `${formatPorts(segment)} : ${this.#verdictFor(segment, direction)}`);
      if (entries.length > 1) rules.push(`${port} vmap { ${entries.join(', ')} }`);
      else rules.push(`${port} ${formatPorts(first)} ${this.#verdictFor(first, direction)}`);
    }
    return this.#addNamed(direction === 'ingress' ? 'in' : 'eg', [...rules, 'drop']);
  }

  #verdictFor({ peers }: PortSegment, direction: Direction): string {
    if (peers === anyone) return 'return';
    return `goto ${this.#addNamed('to', [...this.#returnsFor(peers, direction), 'drop'])}`;
  }

  /** Rules that leave the chain when the other end is one of them. */
  #returnsFor(choice: PeerChoice, direction: Direction): string[] {
    if (choice === anyone) return ['return'];
    const field = direction === 'ingress' ? 'ct original ip saddr' : 'ct reply ip saddr';
    const sets: string[] = [];
    if (choice.pods.length > 0) {
      const name = `pods-${shortHash(JSON.stringify(choice.pods))}`;
      if (this.#program.definitions[name] === undefined)
        this.#program.addSet(name, 'type ipv4_addr;', this.#membersOf(choice));
      sets.push(name);
    }
    if (choice.ranges.length > 0) {
      const ranges = choice.ranges.map(formatRange);
      const name = `nets-${shortHash(ranges.join())}`;
      if (this.#program.definitions[name] === undefined)
        this.#program.addSet(name, 'type ipv4_addr; flags interval;', ranges);
      sets.push(name);
    }
    return sets.map((set) => `${field} @${set} return`);
  }

  /** Addresses of the pods among them. */
  #membersOf(choice: Exclude<PeerChoice, typeof anyone>): ReadonlySet<string> {
    const key = JSON.stringify(choice.pods);
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const members = new Set(podsOf(choice, this.#world.pods).map(({ address }) => address));
    this.#members.set(key, members);
    return members;
  }

  /** What is sent to the node's DNS is in no connection that the kernel remembers: it is judged by its packets. */
  #dnsRefusedBy(allows: readonly Allow[]): Isolation['dnsRefused'] {
    return this.#world.dnsAddresses.flatMap((dns) =>
      (['TCP', 'UDP'] as const)
        .filter((protocol) => !this.#mayAsk(allows, dns, protocol))
        .map((protocol) => [dns, protocol.toLowerCase()] as const),
    );
  }

  #mayAsk(allows: readonly Allow[], dns: string, protocol: Protocol): boolean {
    const usable = allows.filter(
      ({ ports }) => ports?.some((one) => one.protocol === protocol && one.from <= 53 && one.to >= 53) ?? true,
    );
    const { choice } = uniteChoices(usable.map(({ peers }) => peers));
    return choice === anyone || this.#membersOf(choice).has(dns) || isInRanges(choice.ranges, dns);
  }

  #addNamed(prefix: string, rules: readonly string[]): string {
    const name = `${prefix}-${shortHash(rules.join('\n'))}`;
    this.#program.addChain(name, '', rules);
    return name;
  }
}

const formatPorts = ({ from, to }: PortSegment): string => (from === to ? String(from) : `${from}-${to}`);

/** 60 bits: two of one cluster do not meet in it. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 15);
}
