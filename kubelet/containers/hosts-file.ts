/** Names of a pod: its host name and the text of /etc/hosts. Pure. */

import type { PodObject } from '../model/pod.ts';

export interface PodNames {
  /** As the kernel of its containers has it. */
  readonly hostname: string;
  /** The same without a domain. */
  readonly shortName: string;
  /** Undefined: it has no domain. */
  readonly fullName: string | undefined;
}

/** Linux allows 64 characters of a host name; 63 is what DNS allows of one part. */
const longest = { hostname: 64, label: 63 };

/** Throws an Error, in upstream's words, when the pod wants a full name that is too long for a host name. */
export function computePodNames(pod: PodObject, clusterDomain: string): PodNames {
  const { hostname: wanted, hostnameOverride, subdomain, setHostnameAsFQDN } = pod.spec ?? {};
  if (hostnameOverride) return { hostname: hostnameOverride, shortName: hostnameOverride, fullName: undefined };
  const shortName = wanted || pod.metadata.name.slice(0, longest.label).replace(/[-.]+$/, '');
  if (!subdomain) return { hostname: shortName, shortName, fullName: undefined };
  const fullName = `${shortName}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}`;
  if (!setHostnameAsFQDN) return { hostname: shortName, shortName, fullName };
  if (fullName.length > longest.hostname)
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fullName} is too long (${longest.hostname} characters is the max, ${fullName.length} characters requested)`,
    );
  return { hostname: fullName, shortName, fullName };
}

const head = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

export function computeHostsFile(pod: PodObject, { shortName, fullName }: PodNames, podIp: string): string {
  const own = fullName === undefined ? `${podIp}\t${shortName}\n` : `${podIp}\t${fullName}\t${shortName}\n`;
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
