/** Names of a pod: its host name and the text of /etc/hosts. Pure. */

import type { PodObject } from '../pod.ts';

export interface PodNames {
  readonly hostname: string;
  /** Undefined: it has no domain. */
  readonly fullName: string | undefined;
}

export function computePodNames(pod: PodObject, clusterDomain: string): PodNames {
  const { hostnameOverride } = (pod.spec ?? {}) as { readonly hostnameOverride?: string };
  if (hostnameOverride) return { hostname: hostnameOverride, fullName: undefined };
  const { hostname: wanted, subdomain, setHostnameAsFQDN } = pod.spec ?? {};
  // Linux allows 63 characters of a host name.
  const hostname = wanted || pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');
  const fullName = subdomain
    ? `${hostname}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}`
    : undefined;
  return { hostname: setHostnameAsFQDN && fullName !== undefined ? fullName : hostname, fullName };
}

const head = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

export function computeHostsFile(pod: PodObject, { hostname, fullName }: PodNames, podIp: string): string {
  const short = pod.spec?.hostname || hostname.split('.')[0];
  const own = fullName === undefined ? `${podIp}\t${hostname}\n` : `${podIp}\t${fullName}\t${short}\n`;
  return head + own + computeAliases(pod);
}

/** On the node's network the node's own file holds, with the pod's aliases. */
export function computeNodeHostsFile(pod: PodObject, nodeText: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeText}${computeAliases(pod)}`;
}

function computeAliases({ spec }: PodObject): string {
  const aliases = spec?.hostAliases ?? [];
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip = '', hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
