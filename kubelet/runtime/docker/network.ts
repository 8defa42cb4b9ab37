/** The bridge network of this node's pods: one Docker network of our own; the daemon's configuration is left alone. */

import type Dockerode from 'dockerode';
import { RuntimeError } from '../runtime.ts';
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
    if (hasSameCidr && lacksNothing(existing.Options, options)) return 'ready';
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

/**
 * Engine 28 (API 1.48) and newer drop what was routed to a container's address by another machine, in a table that
 * comes before every rule of ours, unless the network is `nat-unprotected`. Older engines do not know that mode: 27
 * refuses it.
 */
export function bridgeOptions(
  { name, mtu }: Pick<PodNetworkOptions, 'name' | 'mtu'>,
  apiVersion: string,
): Record<string, string> {
  return {
    // Linux allows 15 bytes for the name of an interface.
    'com.docker.network.bridge.name': name.slice(0, 15),
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.driver.mtu': String(mtu),
    ...(isAtLeast(apiVersion, [1, 48]) && { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected' }),
  };
}

function isAtLeast(apiVersion: string, [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

const lacksNothing = (
  existing: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean => Object.entries(wanted).every(([option, value]) => existing?.[option] === value);

/** The bridge's own address: the first of the CIDR. */
export function firstAddress(cidr: string): string {
  const bytes = (cidr.split('/')[0] ?? '').split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255)))
    throw new RuntimeError('Refused', `The pod CIDR ${cidr} is not an IPv4 network`);
  return [...bytes.slice(0, 3), (bytes[3] ?? 0) + 1].join('.');
}
