/** The resolver configuration of a pod's containers. Pure. */

import { parseResolvConf, type ResolverConfiguration } from '../../base/resolv-conf.ts';
import { type PodObject, usesNodeNetwork } from '../model/pod.ts';

export interface DnsSettings {
  /** Addresses of the cluster's DNS; none: pods use the node's resolver. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's resolver; undefined: the machine's own. */
  readonly resolvConf?: string | undefined;
}

/** What resolvers take: more servers and domains they would ignore, a longer line is an error for some. */
const limits = { nameservers: 3, searches: 32, searchCharacters: 2048 };

/** What a pod's resolver is, and what of it is said to have been left out, in upstream's words. */
export interface PodResolver {
  readonly text: string;
  readonly omissions: readonly string[];
}

/** The file /etc/resolv.conf of a pod; `nodeText` is the node's own. */
export function computeResolvConf(pod: PodObject, nodeText: string, settings: DnsSettings): PodResolver {
  const base = computeBase(pod, parseResolvConf(nodeText), settings);
  const own = pod.spec?.dnsConfig;
  const added = (own?.options ?? []).map(({ name = '', value }) => (value ? `${name}:${value}` : name));
  const nameservers = unique([...base.nameservers, ...(own?.nameservers ?? [])]);
  const searches = unique([...base.searches, ...(own?.searches ?? [])]);
  const applied = {
    nameservers: nameservers.slice(0, limits.nameservers),
    searches: limitSearches(searches),
    options: mergeOptions(base.options, added),
  };
  const omissions: string[] = [];
  if (applied.nameservers.length < nameservers.length)
    omissions.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${applied.nameservers.join(' ')}`,
    );
  if (applied.searches.length < searches.length)
    omissions.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${applied.searches.join(' ')}`,
    );
  return { text: format(applied), omissions };
}

function limitSearches(searches: readonly string[]): string[] {
  const fitting = searches.slice(0, limits.searches);
  while (fitting.join(' ').length > limits.searchCharacters) fitting.pop();
  return fitting;
}

function computeBase(
  pod: PodObject,
  node: ResolverConfiguration,
  { clusterDns, clusterDomain }: DnsSettings,
): ResolverConfiguration {
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

function mergeOptions(base: readonly string[], added: readonly string[]): string[] {
  const byName = new Map(base.map((option) => [option.split(':')[0], option]));
  for (const option of added) byName.set(option.split(':')[0], option);
  return [...byName.values()];
}

function format({ nameservers, searches, options }: ResolverConfiguration): string {
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
