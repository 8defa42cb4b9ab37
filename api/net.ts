/** IP addresses and networks, strictly: no leading zeros, no IPv4-mapped forms, no bits beyond the prefix. */

export interface Network {
  readonly family: 4 | 6;
  /** The first address. */
  readonly address: bigint;
  readonly prefixLength: number;
}

const decimalByte = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const hexGroup = /^[0-9a-f]{1,4}$/i;
const widths = { 4: 32, 6: 128 } as const;

export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** The number that an address stands for, or undefined. Accepts what Go's strict parser accepts. */
export function parseIp(text: string): Ip | undefined {
  const family = text.includes(':') ? 6 : 4;
  const value = family === 4 ? parseIpv4(text) : parseIpv6(text);
  return value === undefined ? undefined : { family, value };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => decimalByte.test(part))) return undefined;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const parts = text.split('::');
  if (parts.length > 2) return undefined;
  const [head = [], tail] = parts.map(groupsOf);
  const given = head.length + (tail?.length ?? 0);
  // `::` stands for one group at least.
  if (tail === undefined ? given !== 8 : given > 7) return undefined;
  const groups = tail === undefined ? head : [...head, ...Array<string>(8 - given).fill('0'), ...tail];
  if (!groups.every((group) => hexGroup.test(group))) return undefined;
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** The groups of one side of `::`. The last of an address may be an IPv4 address, which is two of them. */
function groupsOf(text: string, index: number, parts: readonly string[]): string[] {
  if (text === '') return [];
  const groups = text.split(':');
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.') && index === parts.length - 1 ? parseIpv4(last) : undefined;
  if (embedded === undefined) return groups;
  return [...groups.slice(0, -1), (embedded >> 16n).toString(16), (embedded & 0xffffn).toString(16)];
}

/** The network, or undefined. The address may have bits beyond the prefix. */
export function parseCidr(text: string): (Network & { readonly host: bigint }) | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const ip = parseIp(match?.[1] ?? '');
  const prefixLength = Number(match?.[2]);
  if (match === null || ip === undefined || prefixLength > widths[ip.family]) return undefined;
  const hostBits = BigInt(widths[ip.family] - prefixLength);
  return { family: ip.family, address: (ip.value >> hostBits) << hostBits, prefixLength, host: ip.value };
}

export function contains(network: Network, ip: Ip): boolean {
  const hostBits = BigInt(widths[network.family] - network.prefixLength);
  return ip.family === network.family && ip.value >> hostBits === network.address >> hostBits;
}

/** `inner` is part of `outer` and smaller than it. */
export function isStrictSubset(inner: Network, outer: Network): boolean {
  return inner.prefixLength > outer.prefixLength && contains(outer, { family: inner.family, value: inner.address });
}

const leadingZero = /(^|[.])0\d/;
const mappedPrefix = 0xffffn;

/** An IPv4 address that is written as an IPv6 one, in whatever spelling. */
const isMapped = (ip: Ip | undefined): boolean => ip?.family === 6 && ip.value >> 32n === mappedPrefix;

/** What is wrong with an address, in upstream's words. */
export function checkIp(text: string): string[] {
  const lenient = text.replace(/(^|\.)0+(?=\d)/g, '$1');
  if (parseIp(lenient) === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  if (!text.includes(':') && leadingZero.test(text)) return ['must not have leading 0s'];
  if (isMapped(parseIp(lenient))) return ['must not be an IPv4-mapped IPv6 address'];
  return [];
}

/** The same for an address that must be written as Go prints it, because it is a name. */
export function checkCanonicalIp(text: string): string[] {
  const found = checkIp(text);
  const ip = parseIp(text);
  if (found.length > 0 || ip === undefined) return found;
  const canonical = formatIp(ip);
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`];
}

/** What is wrong with a network, in upstream's words. */
export function checkCidr(text: string): string[] {
  const lenient = text.replace(/(^|[./])0+(?=\d)/g, '$1');
  const network = parseCidr(lenient);
  if (network === undefined) return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
  const found: string[] = [];
  const [address = '', prefix = ''] = text.split('/');
  if ((!address.includes(':') && leadingZero.test(address)) || /^0\d/.test(prefix)) {
    found.push('must not have leading 0s in IP or prefix length');
  }
  if (isMapped({ family: network.family, value: network.host }))
    found.push('must not have an IPv4-mapped IPv6 address');
  if (network.host !== network.address) found.push('must not have bits set beyond the prefix length');
  return found;
}

/** Dotted or colon form of an address, as Go prints it. */
export function formatIp({ family, value }: Ip): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  const runs = [...groups.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)];
  const longest = runs.sort((a, b) => b[0].length - a[0].length || a.index - b.index)[0];
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
