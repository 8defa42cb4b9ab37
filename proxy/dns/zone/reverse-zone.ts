/** Names of addresses: `4.3.2.1.in-addr.arpa`, `….ip6.arpa`. Pure. */

import { serviceNameLabel } from '../../../api/labels.ts';
import { contains, formatIp, type Network, parseIp } from '../../../api/net.ts';
import { recordTypes } from '../message/wire.ts';
import type { ClusterView } from './cluster-view.ts';
import { clusterTtlSeconds } from './cluster-zone.ts';
import { readyEndpoints } from './service-endpoints.ts';
import { found, noData, noSuchName, type ZoneAnswer } from './zone-answer.ts';

/** The address whose name is asked for; undefined: the name is of no single address. */
export function addressOfReverseName(labels: readonly string[]): string | undefined {
  const [kind, top] = labels.slice(-2);
  if (top !== 'arpa') return undefined;
  const digits = labels.slice(0, -2).reverse();
  if (kind === 'in-addr' && digits.length === 4) {
    const ip = parseIp(digits.join('.'));
    return ip && formatIp(ip);
  }
  if (kind !== 'ip6' || digits.length !== 32 || !digits.every((digit) => /^[0-9a-f]$/.test(digit))) return undefined;
  const ip = parseIp(digits.join('').replaceAll(/(.{4})(?=.)/g, '$1:'));
  return ip && formatIp(ip);
}

export interface ReverseOptions {
  readonly domain: string;
  /** Nobody else has names for its addresses. */
  readonly podNetwork: Network | undefined;
}

/** Undefined: the cluster knows nothing of this address, others may. */
export function answerOfAddress(
  question: { readonly address: string; readonly labels: readonly string[]; readonly type: number },
  view: ClusterView,
  { domain, podNetwork }: ReverseOptions,
): ZoneAnswer | undefined {
  const { address, labels, type } = question;
  const names = [...new Set([...serviceNames(address, view), ...endpointNames(address, view)])];
  const name = labels.join('.');
  if (names.length > 0)
    return type === recordTypes.PTR
      ? found(names.map((one) => ({ name, ttl: clusterTtlSeconds, type: 'PTR', data: `${one}.svc.${domain}` })))
      : noData;
  const ip = parseIp(address);
  return podNetwork !== undefined && ip !== undefined && contains(podNetwork, ip) ? noSuchName : undefined;
}

const serviceNames = (address: string, view: ClusterView): string[] =>
  view.servicesAt(address).map(({ metadata }) => `${metadata.name}.${metadata.namespace}`);

/** Only endpoints with a hostname of their own have one. */
function endpointNames(address: string, view: ClusterView): string[] {
  return view.slicesAt(address).flatMap((slice) => {
    const { namespace, labels } = slice.metadata;
    const service = labels?.[serviceNameLabel];
    if (service === undefined) return [];
    return readyEndpoints(slice)
      .filter((endpoint) => endpoint.hasOwnHostname && endpoint.address === address)
      .map(({ hostname }) => `${hostname}.${service}.${namespace}`);
  });
}

/** The zone in whose name it is said that an address of the pod network has no name: `244.10.in-addr.arpa`. */
export function reverseZoneOf(labels: readonly string[], { prefixLength, family }: Network): string {
  const digits = Math.floor(prefixLength / (family === 4 ? 8 : 4));
  return labels.slice(-(digits + 2)).join('.');
}
