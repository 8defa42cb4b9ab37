/** Which servers are asked: as people write them down, and as a node's resolver has them. Pure. */

import { parseIp } from '../../../api/net.ts';
import { parseResolvConf } from '../../../base/resolv-conf.ts';
import type { ServerAddress } from './exchange.ts';
import { formatServer } from './exchange.ts';

const usualPort = 53;

/** `10.0.0.1`, `10.0.0.1:5353`, `::1`, `[::1]:5353`; undefined: it is no such address. */
export function parseServer(text: string): ServerAddress | undefined {
  const [, bracketed, plain = '', portText] =
    /^(?:\[([^\]]+)\]|([^:]*|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const port = portText === undefined ? usualPort : Number(portText);
  return parseIp(address) !== undefined && port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

/** `corp.example=10.0.0.1,10.0.0.2`; undefined: it is none. */
export function parseStubDomain(text: string): readonly [string, readonly ServerAddress[]] | undefined {
  const [name = '', list = '', ...more] = text.split('=');
  const domain = name.trim().replace(/\.$/, '').toLowerCase();
  const servers = list.split(',').map((one) => parseServer(one.trim()));
  const known = servers.flatMap((one) => one ?? []);
  if (!isDomain(domain) || known.length < servers.length || more.length > 0) return undefined;
  return [domain, known];
}

export const isDomain = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));

/** Those of a node's `resolv.conf`, without ourselves, and without what is no address (`fe80::1%eth0` needs its link). */
export function serversOfResolvConf(text: string, own: ReadonlySet<string>): ServerAddress[] {
  const servers = parseResolvConf(text).nameservers.flatMap((one) => {
    const address = parseIp(one) === undefined ? undefined : one;
    return address === undefined || own.has(address) ? [] : [{ address, port: usualPort }];
  });
  return [...new Map(servers.map((one) => [formatServer(one), one])).values()];
}
