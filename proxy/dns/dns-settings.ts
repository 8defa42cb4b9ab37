/**
 * Which servers are asked for names outside of the cluster: what the node was started with, else what the ConfigMap
 * `kube-system/kube-dns` says, in the form that kube-dns gave it, else the node's own resolver. Pure.
 *
 *   data:
 *     stubDomains: '{"corp.example": ["10.1.0.53", "10.2.0.53:5353"]}'
 *     upstreamNameservers: '["192.0.2.53"]'
 */

import { isRecord } from '../../api/json-record.ts';
import { errorText } from '../../base/error-text.ts';
import type { ServerAddress } from './upstream/exchange.ts';
import type { UpstreamServers } from './upstream/forwarder.ts';
import { isDomain, parseServer } from './upstream/server-addresses.ts';

export interface ConfiguredServers {
  readonly servers?: readonly ServerAddress[] | undefined;
  readonly stubDomains: ReadonlyMap<string, readonly ServerAddress[]>;
}

export const noServers: ConfiguredServers = { stubDomains: new Map() };

/** What cannot be used is left out, and told. */
export function readDnsConfigMap(data: Readonly<Record<string, string>>): {
  readonly configured: ConfiguredServers;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const parse = (key: string): unknown => {
    const text = data[key];
    if (text === undefined || text.trim() === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      problems.push(`${key} is no JSON: ${errorText(error)}`);
      return undefined;
    }
  };
  const stubDomains = new Map<string, readonly ServerAddress[]>();
  const stubs = parse('stubDomains');
  if (stubs !== undefined && !isRecord(stubs)) problems.push('stubDomains must be an object of lists of addresses');
  for (const [name, list] of Object.entries(isRecord(stubs) ? stubs : {})) {
    const domain = name.toLowerCase().replace(/\.$/, '');
    const servers = serversOf(list);
    if (!isDomain(domain)) problems.push(`stubDomains: ${JSON.stringify(name)} is no domain`);
    else if (servers === undefined) problems.push(`stubDomains: ${name} must be a list of IP addresses`);
    else stubDomains.set(domain, servers);
  }
  const upstreams = parse('upstreamNameservers');
  const servers = upstreams === undefined ? undefined : serversOf(upstreams);
  if (upstreams !== undefined && servers === undefined)
    problems.push('upstreamNameservers must be a list of IP addresses');
  return { configured: { servers, stubDomains }, problems };
}

/** Undefined: it is no list of addresses, or an empty one. */
function serversOf(list: unknown): ServerAddress[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const servers = list.map((one: unknown) => (typeof one === 'string' ? parseServer(one) : undefined));
  return servers.every((one) => one !== undefined) ? servers : undefined;
}

export function chooseServers(
  byFlags: ConfiguredServers,
  byConfigMap: ConfiguredServers,
  ofNode: readonly ServerAddress[],
): UpstreamServers {
  return {
    servers: byFlags.servers ?? byConfigMap.servers ?? ofNode,
    stubDomains: new Map([...byConfigMap.stubDomains, ...byFlags.stubDomains]),
  };
}
