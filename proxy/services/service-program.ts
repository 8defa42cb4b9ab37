/**
 * The rules of Services as a program for nftables: which chains, map entries and sets the table `ip longshore` holds. Pure.
 *
 * The way of a packet, once for each connection (replies and what follows are translated by connection tracking):
 *
 *   prerouting, output ─► services ─┬─ address . protocol . port ─► @services ──► svc-… ─► numgen inc ─► dnat
 *                                   └─ own address, node port ────► @node-ports ─► ext-… ─► svc-… or loc-…
 *   input, forward, output ─► refusals: no endpoint (@no-endpoints), no such port of a cluster IP
 *   postrouting ─► masquerade: marked, hairpin, pods to the outside
 *
 * What goes to and from the addresses at which the node answers itself (DNS) is not tracked at all: a flow for each
 * question would fill the kernel's table of them.
 *
 * Both maps are hashes, so a connection costs the same however many Services there are. `numgen inc` is a counter in
 * the rule: strict round robin.
 *
 * A packet that is on its way through the chains while a transaction commits goes on through the old rules, but finds
 * the sets that are written in a rule (`map { … }`) empty: the kernel reads which generation holds anew for each look
 * into a set. So no decision rests on such a set alone: after each stands what holds without it (the first endpoint),
 * and who may come in is decided by comparisons.
 */

import { createHash } from 'node:crypto';
import { type Endpoint, endpointKey } from '../../api/endpoint-choice.ts';
import { defaultTable, type NftProgram, ProgramBuilder } from '../nftables/nft-program.ts';
import type { Rules, ServiceRule } from './rules.ts';

/** Set on packets whose sender's address is to be replaced by the node's. */
const masqueradeBit = '0x00100000';

/** The maps and sets that the program fills, in nft's words. */
const definitions: Readonly<Record<string, string>> = {
  services: 'map services { type ipv4_addr . inet_proto . inet_service : verdict; }',
  'node-ports': 'map node-ports { type inet_proto . inet_service : verdict; }',
  'no-endpoints': 'map no-endpoints { type ipv4_addr . inet_proto . inet_service : verdict; }',
  'no-endpoint-node-ports': 'map no-endpoint-node-ports { type inet_proto . inet_service : verdict; }',
  'cluster-ips': 'set cluster-ips { type ipv4_addr; }',
  'own-addresses': 'set own-addresses { type ipv4_addr; }',
  hairpins: 'set hairpins { type ipv4_addr . ipv4_addr; }',
};

export interface ProgramOptions {
  /** The pod network, `10.244.0.0/16`. */
  readonly clusterCidr: string;
  /** Whose rules these are; absent: they name no cluster. */
  readonly clusterId?: string | undefined;
  /** Default `longshore`. */
  readonly table?: string | undefined;
}

export function computeProgram(rules: Rules, options: ProgramOptions): NftProgram {
  const { clusterCidr, clusterId, table = defaultTable } = options;
  const program = new ProgramBuilder({ table, definitions, clusterId });
  addBaseChains(program, clusterCidr);
  for (const rule of rules.services) addService(program, rule, clusterCidr);
  for (const address of rules.ownAddresses ?? []) program.addEntry('own-addresses', address);
  for (const address of rules.localAddresses) program.addEntry('hairpins', `${address} . ${address}`);
  return program;
}

function addBaseChains(program: ProgramBuilder, clusterCidr: string): void {
  const ownAddress = 'fib daddr type local ip daddr != 127.0.0.0/8';
  const hook = (type: string, at: string, priority: string) =>
    `type ${type} hook ${at} priority ${priority}; policy accept;`;
  program.addChain('services', '', [
    `ip daddr @cluster-ips ip saddr != ${clusterCidr} meta mark set meta mark or ${masqueradeBit}`,
    'ip daddr . meta l4proto . th dport vmap @services',
    `${ownAddress} meta l4proto . th dport vmap @node-ports`,
  ]);
  program.addChain('refuse', '', ['meta l4proto tcp reject with tcp reset', 'reject with icmp port-unreachable']);
  program.addChain('refusals', '', [
    'ip daddr . meta l4proto . th dport vmap @no-endpoints',
    `${ownAddress} meta l4proto . th dport vmap @no-endpoint-node-ports`,
    'ip daddr @cluster-ips goto refuse',
  ]);
  for (const at of ['prerouting', 'output'])
    program.addChain(`raw-${at}`, hook('filter', at, 'raw'), [
      'ip daddr @own-addresses notrack',
      'ip saddr @own-addresses notrack',
    ]);
  program.addChain('nat-prerouting', hook('nat', 'prerouting', 'dstnat'), ['jump services']);
  program.addChain('nat-output', hook('nat', 'output', '-100'), ['jump services']);
  for (const at of ['input', 'forward', 'output'])
    program.addChain(`filter-${at}`, hook('filter', at, 'filter - 10'), ['ct state new jump refusals']);
  program.addChain('nat-postrouting', hook('nat', 'postrouting', 'srcnat'), [
    `meta mark and ${masqueradeBit} == ${masqueradeBit} meta mark set meta mark xor ${masqueradeBit} masquerade fully-random`,
    'ip saddr . ip daddr @hairpins masquerade fully-random',
    `ip saddr ${clusterCidr} ip daddr != ${clusterCidr} ip daddr != 224.0.0.0/4 masquerade fully-random`,
  ]);
}

function addService(program: ProgramBuilder, rule: ServiceRule, clusterCidr: string): void {
  const id = shortHash(rule.name);
  const chains = { anywhere: `svc-${id}`, local: `loc-${id}`, external: `ext-${id}`, firewall: `fw-${id}` };
  const protocol = rule.protocol.toLowerCase();
  addBalancer(program, chains.anywhere, rule, rule.anywhere);
  if (rule.internalLocal) addBalancer(program, chains.local, rule, rule.internal);
  else if (rule.externalLocal) addBalancer(program, chains.local, rule, rule.external);
  program.addEntry('cluster-ips', rule.clusterIp);
  const address = `${rule.clusterIp} . ${protocol} . ${rule.port}`;
  if (rule.internal.length > 0)
    program.addEntry('services', address, `goto ${rule.internalLocal ? chains.local : chains.anywhere}`);
  else if (rule.anywhere.length > 0) program.addEntry('no-endpoints', address, 'drop');
  addExternal(program, rule, chains, clusterCidr);
}

function addExternal(
  program: ProgramBuilder,
  rule: ServiceRule,
  chains: Readonly<Record<'anywhere' | 'local' | 'external' | 'firewall', string>>,
  clusterCidr: string,
): void {
  if (rule.externalIps.length === 0 && rule.nodePort === undefined) return;
  const protocol = rule.protocol.toLowerCase();
  const { sourceRanges } = rule;
  if (rule.anywhere.length > 0) {
    program.addChain(chains.external, comment(rule), externalRules());
    if (sourceRanges !== undefined) program.addChain(chains.firewall, comment(rule), firewallRules(sourceRanges.cidrs));
  }
  // The chain is also entered where only other nodes have endpoints: this node's own pods may use them.
  const enter = rule.anywhere.length > 0 ? `goto ${chains.external}` : undefined;
  const refusal = rule.external.length > 0 ? undefined : rule.anywhere.length > 0 ? 'drop' : 'goto refuse';
  const add = (map: string, key: string, value: string | undefined) => {
    if (value !== undefined) program.addEntry(map, key, value);
  };
  for (const ip of rule.externalIps) {
    const isGuarded = enter !== undefined && sourceRanges?.addresses.includes(ip);
    add('services', `${ip} . ${protocol} . ${rule.port}`, isGuarded ? `goto ${chains.firewall}` : enter);
    add('no-endpoints', `${ip} . ${protocol} . ${rule.port}`, refusal);
  }
  if (rule.nodePort === undefined) return;
  add('node-ports', `${protocol} . ${rule.nodePort}`, enter);
  add('no-endpoint-node-ports', `${protocol} . ${rule.nodePort}`, refusal);

  function externalRules(): string[] {
    const mark = `meta mark set meta mark or ${masqueradeBit}`;
    if (!rule.externalLocal) return [mark, `goto ${chains.anywhere}`];
    return [
      `ip saddr ${clusterCidr} goto ${chains.anywhere}`,
      `fib saddr type local ${mark}`,
      `fib saddr type local goto ${chains.anywhere}`,
      `goto ${chains.local}`,
    ];
  }

  function firewallRules(cidrs: readonly string[]): string[] {
    const within = rule.externalLocal ? [`ip saddr ${clusterCidr}`, 'fib saddr type local'] : [];
    return [
      ...[...within, ...cidrs.map((cidr) => `ip saddr ${cidr}`)].map((source) => `${source} goto ${chains.external}`),
      'drop',
    ];
  }
}

function addBalancer(program: ProgramBuilder, chain: string, rule: ServiceRule, endpoints: readonly Endpoint[]): void {
  // Where this node has no endpoint the local chain is empty, and the packet goes on to be dropped.
  if (endpoints.length === 0 && rule.anywhere.length === 0) return;
  const rules =
    endpoints.length === 0 ? [] : rule.affinitySeconds > 0 ? sticky(program, rule, endpoints) : spread(rule, endpoints);
  program.addChain(chain, comment(rule), rules);
}

function spread({ protocol }: ServiceRule, endpoints: readonly Endpoint[]): string[] {
  const l4 = `meta l4proto ${protocol.toLowerCase()}`;
  const [first] = endpoints;
  const toFirst = first === undefined ? [] : [`${l4} dnat to ${endpointKey(first)}`];
  if (endpoints.length === 1) return toFirst;
  const map = endpoints.map(({ address, port }, i) => `${i} : ${address} . ${port}`).join(', ');
  return [`${l4} dnat ip addr . port to numgen inc mod ${endpoints.length} map { ${map} }`, ...toFirst];
}

/** A client that is remembered goes to its endpoint again; a new one gets the next, and is remembered. */
function sticky(program: ProgramBuilder, rule: ServiceRule, endpoints: readonly Endpoint[]): string[] {
  const chains = endpoints.map((endpoint) => {
    // A set cannot change its time-out, so that is part of its name.
    const id = shortHash(`${rule.name} ${endpointKey(endpoint)} ${rule.affinitySeconds}`);
    program.affinitySets.set(`aff-${id}`, rule.affinitySeconds);
    program.addChain(`ep-${id}`, comment(rule), [
      `update @aff-${id} { ip saddr }`,
      `meta l4proto ${rule.protocol.toLowerCase()} dnat to ${endpointKey(endpoint)}`,
    ]);
    return { chain: `ep-${id}`, set: `aff-${id}` };
  });
  const next = chains.map(({ chain }, i) => `${i} : goto ${chain}`).join(', ');
  return [
    ...chains.map(({ chain, set }) => `ip saddr @${set} goto ${chain}`),
    `numgen inc mod ${chains.length} vmap { ${next} }`,
    ...chains.slice(0, 1).map(({ chain }) => `goto ${chain}`),
  ];
}

const comment = ({ name }: ServiceRule): string => `comment "${name.slice(0, 100)}";`;

/** 60 bits: two Services of one cluster do not meet in it. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 15);
}
