/** What a backend is told of a request beside what its client says: where that came from. Pure. */

import { contains, type Network, parseIp } from '../../api/net.ts';

export interface ClientAddress {
  readonly address: string;
  readonly port: number;
}

export interface Arrival {
  /** Who connected; with PROXY protocol, who that says. */
  readonly client: ClientAddress;
  readonly isSecure: boolean;
  /** Of ours, at which it came. */
  readonly port: number;
}

/** As HTTP has them: names in lower case. */
export type Headers = Record<string, string | string[] | undefined>;

/** Those that are for the next hop only, whatever `Connection` says. */
const hopByHop = [
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
  ...['upgrade', 'http2-settings'],
] as const;

/** What no client may have taken off by naming it in `Connection`: backends rely on them. */
const kept: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'cookie', 'authorization']);

/** Takes away what is for this connection alone, and names that two servers would read differently. */
export function dropHopByHop(headers: Headers): void {
  const { connection } = headers;
  if (typeof connection === 'string' && connection !== 'keep-alive' && connection !== 'close') {
    for (const name of connection.toLowerCase().split(',')) if (!kept.has(name.trim())) delete headers[name.trim()];
  }
  for (const name of hopByHop) if (headers[name] !== undefined) delete headers[name];
  // `x_forwarded_for` is `x-forwarded-for` for programs that get headers as variables.
  for (const name in headers) if (name.includes('_') || name.startsWith(':')) delete headers[name];
}

/** Of a backend's answer: as well how its body came, which is anew said to the client. */
export function dropHopByHopOfAnswer(headers: Headers): void {
  const { connection } = headers;
  if (typeof connection === 'string')
    for (const name of connection.toLowerCase().split(','))
      if (name.trim() !== 'content-length') delete headers[name.trim()];
  for (const name of hopByHop) if (name !== 'trailer' && headers[name] !== undefined) delete headers[name];
  delete headers['transfer-encoding'];
}

export const isTrusted = (address: string, networks: readonly Network[]): boolean => {
  if (networks.length === 0) return false;
  const ip = parseIp(address);
  return ip !== undefined && networks.some((network) => contains(network, ip));
};

/** The client that `X-Forwarded-For` names, from the right: the first that is no proxy whom we trust. */
export function realAddress(peer: string, forwardedFor: string | undefined, trusted: readonly Network[]): string {
  if (forwardedFor === undefined || !isTrusted(peer, trusted)) return peer;
  const addresses = forwardedFor.split(',').map((one) => one.trim());
  let real = peer;
  for (const address of addresses.reverse()) {
    if (parseIp(address) === undefined) break;
    real = address;
    if (!isTrusted(address, trusted)) break;
  }
  return real;
}

const textOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** Sets `X-Forwarded-*`; what the client said of them stays only where that is a proxy whom we trust. */
export function setForwarded(headers: Headers, arrival: Arrival, trusted: readonly Network[]): void {
  const { client, isSecure, port } = arrival;
  const believes = isTrusted(client.address, trusted);
  const said = (name: string) => (believes ? textOf(headers[name]) : undefined);
  const earlier = said('x-forwarded-for');
  const proto = said('x-forwarded-proto') ?? (isSecure ? 'https' : 'http');
  headers['x-real-ip'] = realAddress(client.address, earlier, trusted);
  headers['x-forwarded-for'] = earlier === undefined ? client.address : `${earlier}, ${client.address}`;
  headers['x-forwarded-host'] = said('x-forwarded-host') ?? textOf(headers.host);
  headers['x-forwarded-port'] = said('x-forwarded-port') ?? String(port);
  headers['x-forwarded-proto'] = proto;
  headers['x-forwarded-scheme'] = proto;
  if (!believes)
    for (const name of ['forwarded', 'x-forwarded-prefix', 'x-original-forwarded-for']) delete headers[name];
}
