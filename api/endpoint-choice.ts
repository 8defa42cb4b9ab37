/**
 * Which endpoints of a Service take traffic, by upstream's rule: the ready ones; where there is none, those that end but
 * still serve. IPv4 only. Pure.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { parseIp } from './net.ts';
import { isForeignAddress } from './special-ip.ts';
import type { EndpointSlice } from './types/discovery/v1.ts';

const protocols = ['TCP', 'UDP', 'SCTP'] as const;
export type Protocol = (typeof protocols)[number];

/** The API refuses others; none at all is TCP. */
export const protocolOf = (text: string | undefined): Protocol => protocols.find((one) => one === text) ?? 'TCP';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface Candidate {
  readonly address: string;
  /** Where it is; undefined: nobody says. */
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  /** It ends, and still answers. */
  readonly servesOut: boolean;
  readonly ports: readonly { readonly name: string; readonly protocol: Protocol; readonly port: number }[];
}

export function candidatesOf(slice: DeepReadonly<EndpointSlice>): Candidate[] {
  if (slice.addressType !== 'IPv4') return [];
  const ports = (slice.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    port === undefined ? [] : [{ name, protocol: protocolOf(protocol), port }],
  );
  // A slice without endpoints says null, whatever the type says.
  return (slice.endpoints ?? []).flatMap(({ addresses, conditions, nodeName }) => {
    const [address] = addresses;
    // Traffic is never led to what a node has for itself, whoever wrote it into a slice.
    if (address === undefined || !isForeignAddress(address)) return [];
    const ready = conditions?.ready ?? true;
    const servesOut = (conditions?.serving ?? ready) && (conditions?.terminating ?? false);
    return ready || servesOut ? [{ address, nodeName, ready, servesOut, ports }] : [];
  });
}

/** Of one port of the Service, sorted. */
export function endpointsOf(candidates: readonly Candidate[], portName: string, protocol: Protocol): Endpoint[] {
  const ready = candidates.filter((candidate) => candidate.ready);
  const found = portsOf(ready, portName, protocol);
  if (found.length > 0) return found;
  return portsOf(
    candidates.filter((candidate) => candidate.servesOut),
    portName,
    protocol,
  );
}

/** Each address and port once: slices may overlap while they are being rewritten. */
function portsOf(candidates: readonly Candidate[], portName: string, protocol: Protocol): Endpoint[] {
  const endpoints = new Map<string, Endpoint>();
  for (const { address, ports } of candidates) {
    for (const { name, protocol: spoken, port } of ports)
      if (name === portName && spoken === protocol) endpoints.set(endpointKey({ address, port }), { address, port });
  }
  return [...endpoints.keys()].sort().flatMap((key) => endpoints.get(key) ?? []);
}

export const endpointKey = ({ address, port }: Endpoint): string => `${address}:${port}`;

export const isIpv4 = (address: string): boolean => parseIp(address)?.family === 4;
