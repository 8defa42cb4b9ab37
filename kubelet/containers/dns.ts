/** The resolver configuration of a pod's containers. Pure. */

import { type PodObject, usesNodeNetwork } from '../model/pod.ts';

export interface DnsSettings {
  /** Addresses of the cluster's DNS; none: pods use the node's resolver. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
}

/** What resolvers take: more servers and domains they would ignore, a longer line is an error for some. */
const limits = { nameservers: 3, searches: 32, searchCharacters: 2048 };

interface Resolver {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** The text of /etc/resolv.conf; `nodeText` is the node's own. */
export function computeResolvConf(pod: PodObject, nodeText: string, settings: DnsSettings): string {
  const base = computeBase(pod, parse(nodeText), settings);
  const own = pod.spec?.dnsConfig;
  const added = (own?.options ?? []).map(({ name = '', value }) => (value ? `${name}:${value}` : name));
  return format({
    nameservers: unique([...base.nameservers, ...(own?.nameservers ?? [])]).slice(0, limits.nameservers),
    searches: limitSearches(unique([...base.searches, ...(own?.searches ?? [])])),
    options: mergeOptions(base.options, added),
  });
}

function limitSearches(searches: readonly string[]): string[] {
  const fitting = searches.slice(0, limits.searches);
  while (fitting.join(' ').length > limits.searchCharacters) fitting.pop();
  return fitting;
}

function computeBase(pod: PodObject, node: Resolver, { clusterDns, clusterDomain }: DnsSettings): Resolver {
  if (pod.spec?.dnsPolicy === 'None') return { nameservers: [], searches: [], options: [] };
  if (!wantsClusterDns(pod) || clusterDns.length === 0) return node;
  const namespace = pod.metadata.namespace ?? 'default';
  const searches = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...node.searches];
  return { nameservers: clusterDns, searches, options: ['ndots:5'] };
}

function wantsClusterDns(pod: PodObject): boolean {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  return policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !usesNodeNetwork(pod));
}

/** Whether a pod asks for the cluster's DNS where there is none, and gets the node's resolver instead. */
export const missesClusterDns = (pod: PodObject, { clusterDns }: DnsSettings): boolean =>
  clusterDns.length === 0 && wantsClusterDns(pod);

export const missingDnsMessage =
  'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.';

function parse(text: string): Resolver {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const valuesOf = (key: string) => lines.filter(([first]) => first === key).flatMap(([, ...values]) => values);
  const searches =
    lines
      .filter(([first]) => first === 'search')
      .at(-1)
      ?.slice(1) ?? [];
  return { nameservers: valuesOf('nameserver'), searches: searches.map(withoutRoot), options: valuesOf('options') };
}

/** The same domain with and without a dot at its end counts once. */
const withoutRoot = (domain: string): string => (domain === '.' ? domain : domain.replace(/\.$/, ''));

function mergeOptions(base: readonly string[], added: readonly string[]): string[] {
  const byName = new Map(base.map((option) => [option.split(':')[0], option]));
  for (const option of added) byName.set(option.split(':')[0], option);
  return [...byName.values()];
}

function format({ nameservers, searches, options }: Resolver): string {
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
