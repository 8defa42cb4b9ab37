/** The bridge network of this node's pods: one Docker network of our own; the daemon's configuration is left alone. */

import type Dockerode from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import { bridgeOptions, hasOptions } from './bridge-options.ts';
import { ask, askMaybe } from './engine.ts';

export interface PodNetworkOptions {
  readonly name: string;
  readonly podCidr: string;
  /** Of the bridge; pods inherit it. */
  readonly mtu: number;
}

/** `outdated`: it lacks options that are wanted, and pods are on it. */
export type PodNetworkState = 'ready' | 'outdated';

/**
 * Makes the network unless it is there as wanted. One with another CIDR is replaced, which the engine refuses while
 * pods are on it: then the caller ends them first. One with other options is replaced as soon as no pod is on it.
 *
 * Docker is told not to masquerade: it would do so for traffic to pods and Services as well. The proxy's rules
 * masquerade exactly what leaves the cluster.
 */
export async function ensurePodNetwork(docker: Dockerode, wanted: PodNetworkOptions): Promise<PodNetworkState> {
  const { name, podCidr } = wanted;
  const { ApiVersion: apiVersion } = await ask(docker.version());
  const options = bridgeOptions(wanted, apiVersion);
  const existing = await askMaybe(docker.getNetwork(name).inspect());
  if (existing !== undefined) {
    const hasSameCidr = existing.IPAM?.Config?.[0]?.Subnet === podCidr;
    if (hasSameCidr && hasOptions(existing.Options, options)) return 'ready';
    if (hasSameCidr && Object.keys(existing.Containers ?? {}).length > 0) return 'outdated';
    await ask(docker.getNetwork(name).remove());
  }
  await ask(
    docker.createNetwork({
      Name: name,
      CheckDuplicate: true,
      Driver: 'bridge',
      IPAM: { Driver: 'default', Config: [{ Subnet: podCidr, Gateway: firstAddress(podCidr) }] },
      Options: options,
      Labels: { 'dev.longshore.type': 'network' },
    }),
  );
  return 'ready';
}

/** The bridge's own address: the first of the CIDR. */
export function firstAddress(cidr: string): string {
  const bytes = (cidr.split('/')[0] ?? '').split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255)))
    throw new RuntimeError('Refused', `The pod CIDR ${cidr} is not an IPv4 network`);
  return [...bytes.slice(0, 3), (bytes[3] ?? 0) + 1].join('.');
}
