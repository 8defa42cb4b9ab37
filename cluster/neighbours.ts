/**
 * Whether this cluster can live on this machine beside what is there already: other clusters and other networks. Pure.
 * What stands in the way is said before anything is changed.
 */

import { BlockList } from 'node:net';
import type { EngineFacts, EngineNetwork } from '../kubelet/runtime/docker/engine-facts.ts';

export interface WantedPlace {
  /** Undefined: this data directory knows no cluster yet. */
  readonly clusterId: string | undefined;
  /** A build before clusters had names was here, and may have made what carries none. */
  readonly isOldCluster: boolean;
  readonly networkName: string;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
}

/** Written on a cluster's network beside its id, for clusters that come after. */
export const placeLabels = {
  dataDir: 'longshore.dev/data-dir',
  clusterCidr: 'longshore.dev/cluster-cidr',
  serviceCidr: 'longshore.dev/service-cidr',
  nodePorts: 'longshore.dev/node-ports',
} as const;

/** The first release of Docker Engine with all that is used of it is 20.10. */
const oldestApi = { version: '1.41', engine: '20.10' };

export function whyEngineWillNotDo({ name, version, apiVersion }: EngineFacts): string | undefined {
  if (/podman/i.test(name)) {
    return `What answers is ${name} ${version}. Longshore drives Docker Engine ${oldestApi.engine} or newer: set DOCKER_HOST to the socket of one.`;
  }
  if (numberOf(apiVersion) >= numberOf(oldestApi.version)) return undefined;
  return `This is Docker Engine ${version} (API ${apiVersion}). Longshore needs ${oldestApi.engine} or newer (API ${oldestApi.version}): install a newer docker.io or docker-ce.`;
}

const numberOf = (version: string): number => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1_000 + minor;
};

/** The first thing that stands in the way, as sentences; undefined: nothing does. */
export function whyNoPlace(networks: readonly EngineNetwork[], wanted: WantedPlace): string | undefined {
  for (const network of networks) {
    const why = whyInTheWay(network, wanted);
    if (why !== undefined) return `${why} ${whatToDo(network)}`;
  }
  return undefined;
}

/** The data directories that a cluster's networks name. */
export function homesOf(networks: readonly EngineNetwork[], clusterId: string | undefined): string[] {
  const own = networks.filter((one) => clusterId !== undefined && one.clusterId === clusterId);
  return own.flatMap(({ labels }) => labelled(labels, placeLabels.dataDir));
}

/** The same for a table of rules that names a cluster. */
export function whyTableIsTaken(owner: string | undefined, wanted: WantedPlace): string | undefined {
  if (owner === undefined || owner === wanted.clusterId) return undefined;
  return (
    `The nftables table "ip ${wanted.networkName}" of this machine belongs to another cluster (${owner}). ` +
    `${besides} If that cluster is gone for good: npx kubecfg down --cluster ${owner}`
  );
}

const besides =
  'Nothing was changed. A second cluster on one machine needs a name, addresses and ports of its own: ' +
  '--data-dir, --network-name, --cluster-cidr, --service-cidr, --node-ports, --secure-port and --kubelet-port.';

function whyInTheWay(network: EngineNetwork, wanted: WantedPlace): string | undefined {
  if (isOwn(network, wanted)) return undefined;
  const { name, subnets, labels } = network;
  const owner = network.clusterId === undefined ? '' : ` of another cluster (${network.clusterId})`;
  if (name === wanted.networkName) return whyNameIsTaken(network, wanted);
  const overlaps = (cidr: string, theirs: readonly string[]) => theirs.find((one) => overlap(cidr, one));
  const pods = overlaps(wanted.clusterCidr, [...subnets, ...labelled(labels, placeLabels.clusterCidr)]);
  if (pods !== undefined)
    return `The pod network ${wanted.clusterCidr} (--cluster-cidr) overlaps ${pods}, the Docker network ${name}${owner}.`;
  const services = overlaps(wanted.serviceCidr, [...subnets, ...labelled(labels, placeLabels.serviceCidr)]);
  if (services !== undefined)
    return `The service addresses ${wanted.serviceCidr} (--service-cidr) overlap ${services}, of the Docker network ${name}${owner}.`;
  const [ports] = labelled(labels, placeLabels.nodePorts).filter((range) => rangesMeet(range, wanted.nodePortRange));
  return ports === undefined ? undefined : `The node ports (--node-ports) meet ${ports}${owner}.`;
}

/** Docker's networks of no cluster are of a build before, or another program's of that name. */
function whyNameIsTaken(network: EngineNetwork, { isOldCluster, clusterId }: WantedPlace): string | undefined {
  const { name, isLongshores, containers } = network;
  if (network.clusterId !== undefined)
    return `The Docker network ${name} belongs to another cluster (${network.clusterId}), with ${containers} running containers on it.`;
  if (!isLongshores) return `There is a Docker network ${name} that is not Longshore's.`;
  const mayBeOurs = isOldCluster || clusterId !== undefined || containers === 0;
  return mayBeOurs
    ? undefined
    : `The Docker network ${name} belongs to another cluster, of a build before clusters had ids, with ${containers} running containers on it.`;
}

function isOwn(network: EngineNetwork, { clusterId, networkName }: WantedPlace): boolean {
  return network.clusterId !== undefined && network.clusterId === clusterId && network.name === networkName;
}

function whatToDo({ clusterId, labels, isLongshores }: EngineNetwork): string {
  if (!isLongshores) return 'Nothing was changed. Choose other addresses, or another --network-name.';
  const [dataDir] = labelled(labels, placeLabels.dataDir);
  // Nobody who only mistyped a folder is to be shown how to remove a cluster.
  if (dataDir !== undefined) return `${besides} That one is started with --data-dir ${dataDir}: did you mean it?`;
  const remove =
    clusterId === undefined ? '' : ` "npx kubecfg down --cluster ${clusterId}" removes what is left of it.`;
  return `${besides}${remove}`;
}

const labelled = (labels: EngineNetwork['labels'], name: string): string[] => {
  const value = labels[name];
  return value === undefined ? [] : [value];
};

/** Whether two IPv4 networks have an address in common. What is not IPv4 has none in common with pods. */
export function overlap(a: string, b: string): boolean {
  const [ours, theirs] = [subnetOf(a), subnetOf(b)];
  if (ours === undefined || theirs === undefined) return false;
  return ours.list.check(theirs.address) || theirs.list.check(ours.address);
}

function subnetOf(cidr: string): { readonly address: string; readonly list: BlockList } | undefined {
  const [address = '', bits = ''] = cidr.split('/');
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), 'ipv4');
  return { address, list };
}

function rangesMeet(range: string, { first, last }: { readonly first: number; readonly last: number }): boolean {
  const [theirFirst = 0, theirLast = 0] = range.split('-').map(Number);
  return theirFirst <= last && first <= theirLast;
}
