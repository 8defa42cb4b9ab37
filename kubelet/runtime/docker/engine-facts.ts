/** What an engine is and what is on it already: asked before anything is changed. */

import { clusterLabel, type Labels, typeLabel } from './docker-labels.ts';
import { ask, connectEngine } from './engine.ts';

export interface EngineFacts {
  /** As the engine calls itself: `Docker Engine - Community`, `Podman Engine`. */
  readonly name: string;
  readonly version: string;
  /** The newest of its API that it speaks: `1.43`. */
  readonly apiVersion: string;
  readonly networks: readonly EngineNetwork[];
  /** Clusters that have containers or networks on it, ended ones included. */
  readonly clusterIds: readonly string[];
}

export interface EngineNetwork {
  readonly name: string;
  readonly subnets: readonly string[];
  readonly labels: Labels;
  /** Whether Longshore made it, in whichever build. */
  readonly isLongshores: boolean;
  /** The cluster that it names. */
  readonly clusterId: string | undefined;
  /** How many containers run on it. */
  readonly containers: number;
}

export async function readEngineFacts(socketPath: string): Promise<EngineFacts> {
  const docker = connectEngine({ socketPath });
  const [version, networks, containers] = await Promise.all([
    ask(docker.version()),
    ask(docker.listNetworks()),
    ask(docker.listContainers({ all: true, filters: { label: [clusterLabel] } })),
  ]);
  const found = await Promise.all(networks.map(({ Id }) => ask(docker.getNetwork(Id).inspect())));
  return {
    name: version.Components?.[0]?.Name ?? '',
    version: version.Version,
    apiVersion: version.ApiVersion,
    clusterIds: [...new Set([...found, ...containers].flatMap(({ Labels: labels }) => labels?.[clusterLabel] ?? []))],
    networks: found.map(({ Name: name, IPAM: ipam, Labels: labels, Containers: containers }) => ({
      name,
      subnets: (ipam?.Config ?? []).flatMap(({ Subnet: subnet }) => subnet ?? []),
      labels: labels ?? {},
      isLongshores: labels?.[typeLabel] === 'network',
      clusterId: labels?.[clusterLabel],
      containers: Object.keys(containers ?? {}).length,
    })),
  };
}
