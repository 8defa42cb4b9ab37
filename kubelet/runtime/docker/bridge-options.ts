/** The options of the pod network's bridge, which depend on the engine's version. */

export interface BridgeSettings {
  /** The network's. */
  readonly name: string;
  readonly mtu: number;
}

/**
 * Engine 28 (API 1.48) and newer drop what was routed to a container's address by another machine, in a table that
 * comes before every rule of ours, unless the network is `nat-unprotected`. Older engines do not know that mode: 27
 * refuses it.
 */
export function bridgeOptions({ name, mtu }: BridgeSettings, apiVersion: string): Record<string, string> {
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

/** Whether a network that was made with `existing` is as good as one made with `wanted`. */
export const hasOptions = (
  existing: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean => Object.entries(wanted).every(([option, value]) => existing?.[option] === value);
