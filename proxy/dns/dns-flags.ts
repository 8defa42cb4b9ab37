/** What people write on a command line about the DNS of a node. */

import { UserError } from '../../base/user-error.ts';
import type { DnsOptions } from './node-dns.ts';
import { isDomain, parseServer, parseStubDomain } from './upstream/server-addresses.ts';

export interface DnsFlags {
  readonly domain: string;
  readonly upstreams: readonly string[];
  readonly stubDomains: readonly string[];
  readonly resolvConf?: string | undefined;
}

/** So that no name of a Service becomes too long for DNS. */
const longestDomain = 60;

/** Throws `UserError`, which names the flag. */
export function parseDnsFlags({ domain, upstreams, stubDomains, resolvConf }: DnsFlags): DnsOptions {
  const name = domain.toLowerCase().replace(/\.$/, '');
  if (!isDomain(name) || name.length > longestDomain)
    throw new UserError(`--cluster-domain must be a domain of at most ${longestDomain} characters, not "${domain}"`);
  const servers = upstreams.flatMap(listOf).map((text) => {
    const server = parseServer(text);
    if (server !== undefined) return server;
    throw new UserError(`--dns-upstream must be an IP address, with a port if need be, not "${text}"`);
  });
  const stubs = stubDomains.map((text) => {
    const stub = parseStubDomain(text);
    if (stub !== undefined) return stub;
    throw new UserError(`--dns-stub-domain must be such as corp.example=10.1.0.53,10.2.0.53, not "${text}"`);
  });
  return {
    domain: name,
    configured: { servers: servers.length > 0 ? servers : undefined, stubDomains: new Map(stubs) },
    resolvConf,
  };
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
