/** The endpoints of Services as DNS tells of them. Pure; what was read of a slice is kept as long as the slice. */

import { parseIp } from '../../../api/net.ts';
import type { EndpointSlice } from '../../../api/types/discovery/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';

export interface NamedEndpoint {
  readonly address: string;
  readonly family: 4 | 6;
  /** Its own, or made of its address: `10-244-1-7`. */
  readonly hostname: string;
  readonly hasOwnHostname: boolean;
  readonly ports: readonly EndpointPort[];
}

export interface EndpointPort {
  readonly name: string;
  /** In lower case. */
  readonly protocol: string;
  readonly port: number;
}

const read = new WeakMap<Cached<EndpointSlice>, readonly NamedEndpoint[]>();

/** Those that are ready; what publishes all addresses has them all ready. */
export function readyEndpoints(slice: Cached<EndpointSlice>): readonly NamedEndpoint[] {
  const known = read.get(slice);
  if (known !== undefined) return known;
  const endpoints = readEndpoints(slice);
  read.set(slice, endpoints);
  return endpoints;
}

function readEndpoints(slice: Cached<EndpointSlice>): NamedEndpoint[] {
  const ports = (slice.ports ?? []).flatMap(({ name, protocol, port }) =>
    port === undefined ? [] : [{ name: name ?? '', protocol: (protocol ?? 'TCP').toLowerCase(), port }],
  );
  // A slice without endpoints says null, whatever the type says.
  return (slice.endpoints ?? []).flatMap(({ addresses, conditions, hostname }) => {
    if (conditions?.ready === false) return [];
    return addresses.flatMap((address) => {
      const family = parseIp(address)?.family;
      if (family === undefined || slice.addressType !== `IPv${family}`) return [];
      const own = hostname !== undefined && hostname !== '';
      return [
        { address, family, hostname: own ? hostname.toLowerCase() : dashed(address), hasOwnHostname: own, ports },
      ];
    });
  });
}

/** `10.244.1.7` → `10-244-1-7`; a label does not begin or end with a dash. */
function dashed(address: string): string {
  const text = address.toLowerCase().replaceAll(/[.:]/g, '-');
  return `${text.startsWith('-') ? '0' : ''}${text}${text.endsWith('-') ? '0' : ''}`;
}

/** The address that a label stands for, of a pod's name; undefined: of none. */
export function addressOfLabel(label: string): { readonly address: string; readonly family: 4 | 6 } | undefined {
  if (/^\d+-\d+-\d+-\d+$/.test(label)) {
    const address = label.replaceAll('-', '.');
    return parseIp(address) === undefined ? undefined : { address, family: 4 };
  }
  const address = label.replaceAll('-', ':');
  return address.includes(':') && parseIp(address) !== undefined ? { address, family: 6 } : undefined;
}
