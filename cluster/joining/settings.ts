/** What a host has to know of the cluster that it joins: a ConfigMap that only hosts that join, and nodes, may read. */

import { isRecord } from '../../api/json-record.ts';
import { UserError } from '../../base/user-error.ts';
import { defaultClusterDomain, proxyModes, type UpOptions } from '../cluster-options.ts';

export const settingsObject = { namespace: 'kube-system', name: 'longshore-cluster' } as const;

export interface ClusterSettings
  extends Pick<
    UpOptions,
    'clusterCidr' | 'serviceCidr' | 'nodePortRange' | 'networkName' | 'proxyMode' | 'clusterDomain'
  > {
  /** See `client/cluster-id.ts`. */
  readonly clusterId: string;
}

const cidrPattern = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;
const domainPattern = /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/;
const namePattern = /^longshore[a-z0-9-]{0,6}$/;

/** As the ConfigMap has it. */
export function dataOfSettings(settings: ClusterSettings): Record<string, string> {
  const { clusterId, clusterCidr, serviceCidr, nodePortRange, networkName, proxyMode } = settings;
  const { clusterDomain = defaultClusterDomain } = settings;
  const { first, last } = nodePortRange;
  return { clusterId, clusterCidr, serviceCidr, nodePorts: `${first}-${last}`, networkName, proxyMode, clusterDomain };
}

/** They become names of networks and rules of this host: whatever does not look like one is refused. */
export function parseSettings(object: unknown): ClusterSettings {
  const data = isRecord(object) && isRecord(object.data) ? object.data : {};
  const field = (name: string, pattern: RegExp): string => {
    const value = data[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw new UserError(
      `The master does not say a usable ${name} of the cluster. Is it of the same release? Start it again, and run this once more.`,
    );
  };
  const [first = 0, last = 0] = field('nodePorts', /^\d{1,5}-\d{1,5}$/)
    .split('-')
    .map(Number);
  const mode = field('proxyMode', /./);
  return {
    clusterId: field('clusterId', /^[0-9a-f-]{36}$/),
    clusterCidr: field('clusterCidr', cidrPattern),
    serviceCidr: field('serviceCidr', cidrPattern),
    nodePortRange: { first, last },
    networkName: field('networkName', namePattern),
    proxyMode: proxyModes.find((one) => one === mode) ?? 'nftables',
    // A master of an earlier release does not say it.
    clusterDomain: data.clusterDomain === undefined ? defaultClusterDomain : field('clusterDomain', domainPattern),
  };
}
