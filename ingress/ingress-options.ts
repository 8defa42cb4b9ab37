/** What the ingress is started with, and its flags. */

import type { Options } from 'yargs';
import type { Network } from '../api/net.ts';
import { parseCidr } from '../api/net.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import { UserError } from '../base/user-error.ts';
import type { Connection } from '../client/connection.ts';
import type { ConnectionLimits } from './listening/client-connections.ts';

/** Which a cluster's command line has, too. */
export interface IngressSettings {
  /** Undefined: every address of IPv4. */
  readonly bindAddress: string | undefined;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Connections begin with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** Who is believed what `X-Forwarded-*` say. */
  readonly trustedProxies: readonly Network[];
  /** `namespace/name` of a Secret; undefined: one that is made at the start and that nobody trusts. */
  readonly defaultCertificate: string | undefined;
  /** `-`: standard output; undefined: none. */
  readonly accessLog: string | undefined;
  readonly connections: ConnectionLimits;
}

export interface IngressOptions extends IngressSettings {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly nodeName: string;
  /** What Ingresses say as their address. */
  readonly nodeIp: string;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
}

export const ingressFlags = {
  'bind-address': { type: 'string', describe: 'Address to listen at; default: every one of IPv4' },
  'http-port': { type: 'number', default: 80, describe: 'Port of plain requests' },
  'https-port': { type: 'number', default: 443, describe: 'Port of requests by TLS' },
  'proxy-protocol': {
    type: 'boolean',
    default: false,
    describe: 'Connections come from a balancer that says by the PROXY protocol who is connected',
  },
  'trusted-proxies': {
    type: 'string',
    default: '',
    describe: 'Networks of proxies whose X-Forwarded headers are believed: 192.0.2.0/24,198.51.100.7/32',
  },
  'default-ssl-certificate': {
    type: 'string',
    describe: 'NAMESPACE/SECRET of the certificate that is served where an Ingress has none',
  },
  'access-log': { type: 'string', describe: 'File of a line for each request; -: standard output; default: none' },
  'max-connections': { type: 'number', default: 10_000, describe: 'Connections of all clients together' },
  'max-connections-per-address': { type: 'number', default: 1_000, describe: 'Connections from one address' },
} as const satisfies Record<string, Options>;

export interface IngressFlagValues {
  readonly 'bind-address'?: string | undefined;
  readonly 'http-port': number;
  readonly 'https-port': number;
  readonly 'proxy-protocol': boolean;
  readonly 'trusted-proxies': string;
  readonly 'default-ssl-certificate'?: string | undefined;
  readonly 'access-log'?: string | undefined;
  readonly 'max-connections': number;
  readonly 'max-connections-per-address': number;
}

/** Throws `UserError` when what was given cannot be meant. */
export function parseIngressFlags(flags: IngressFlagValues): IngressSettings {
  const defaultCertificate = flags['default-ssl-certificate'];
  if (defaultCertificate !== undefined && !/^[^/]+\/[^/]+$/.test(defaultCertificate))
    throw new UserError(`--default-ssl-certificate must be NAMESPACE/SECRET, not "${defaultCertificate}"`);
  return {
    bindAddress: flags['bind-address'],
    httpPort: portOf(flags['http-port'], '--http-port'),
    httpsPort: portOf(flags['https-port'], '--https-port'),
    proxyProtocol: flags['proxy-protocol'],
    trustedProxies: flags['trusted-proxies']
      .split(',')
      .filter((text) => text !== '')
      .map(networkOf),
    defaultCertificate,
    accessLog: flags['access-log'],
    connections: {
      all: countOf(flags['max-connections'], '--max-connections'),
      perAddress: countOf(flags['max-connections-per-address'], '--max-connections-per-address'),
    },
  };
}

function networkOf(text: string): Network {
  const network = parseCidr(text.trim());
  if (network === undefined)
    throw new UserError(`--trusted-proxies must be networks such as 192.0.2.0/24, not "${text}"`);
  return network;
}

function portOf(port: number, flag: string): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UserError(`${flag} must be a port from 0 to 65535`);
}

function countOf(count: number, flag: string): number {
  if (Number.isInteger(count) && count > 0) return count;
  throw new UserError(`${flag} must be a whole number above 0`);
}
