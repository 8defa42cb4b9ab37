/** IP addresses and networks. */

import { contains, formatIp, type Ip, type Network, parseCidr, parseIp } from '../../../api/net.ts';
import { CelError } from '../cel-error.ts';
import { OpaqueValue, type Value } from '../values/value.ts';
import { type Declarations, instance, text } from './function-table.ts';

class IpValue extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly ip: Ip;
  constructor(ip: Ip) {
    super();
    this.ip = ip;
  }

  override get measure(): number {
    return this.ip.family === 4 ? 4 : 16;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && other.ip.family === this.ip.family && other.ip.value === this.ip.value;
  }
}

type Cidr = Network & { readonly host: bigint };

class CidrValue extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  readonly cidr: Cidr;
  constructor(cidr: Cidr) {
    super();
    this.cidr = cidr;
  }

  override get measure(): number {
    return Math.ceil(this.cidr.prefixLength / 8);
  }

  equals(other: OpaqueValue): boolean {
    if (!(other instanceof CidrValue)) return false;
    const { family, host, prefixLength } = this.cidr;
    return other.cidr.family === family && other.cidr.host === host && other.cidr.prefixLength === prefixLength;
  }
}

type Read<T> = { readonly found: T } | { readonly problem: string };

/** As upstream reads them: no zones, no IPv4 addresses in IPv6's form. */
function readIp(source: string): Read<Ip> {
  if (source.includes('%')) return { problem: `IP address "${source}" with zone value is not allowed` };
  const found = parseIp(source);
  if (found === undefined)
    return { problem: `IP Address "${source}" parse error during conversion from string: ${goProblem(source)}` };
  if (found.family === 6 && found.value >> 32n === 0xffffn)
    return { problem: `IPv4-mapped IPv6 address ${JSON.stringify(source)} is not allowed` };
  return { found };
}

function goProblem(source: string): string {
  const shown = JSON.stringify(source);
  if (source.includes(':')) return `ParseAddr(${shown}): unable to parse IP`;
  if (!/^[\d.]+$/.test(source) || !source.includes('.')) {
    const wrong = /^[\d.]*\.[\d.]*([^\d.])/.exec(source)?.[1];
    if (wrong === undefined) return `ParseAddr(${shown}): unable to parse IP`;
    return `ParseAddr(${shown}): unexpected character (at ${JSON.stringify(source.slice(source.indexOf(wrong)))})`;
  }
  const parts = source.split('.');
  if (parts.includes(''))
    return `ParseAddr(${shown}): IPv4 field must have at least one digit (at ${JSON.stringify(tail(parts, parts.indexOf('')))})`;
  if (parts.some((part) => Number(part) > 255)) return `ParseAddr(${shown}): IPv4 field has value >255`;
  if (parts.some((part) => /^0\d/.test(part))) return `ParseAddr(${shown}): IPv4 field has octet with leading zero`;
  return `ParseAddr(${shown}): IPv4 address too ${parts.length < 4 ? 'short' : 'long'}`;
}

const tail = (parts: readonly string[], index: number): string => `.${parts.slice(index).join('.')}`;

function readCidr(source: string): Read<Cidr> {
  const found = parseCidr(source);
  if (found !== undefined) {
    if (found.family === 6 && found.host >> 32n === 0xffffn)
      return { problem: `IPv4-mapped IPv6 address ${JSON.stringify(source)} is not allowed` };
    return { found };
  }
  return {
    problem: `network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(source)}): ${prefixProblem(source)}`,
  };
}

function prefixProblem(source: string): string {
  const at = source.lastIndexOf('/');
  if (at < 0) return "no '/'";
  const ip = parseIp(source.slice(0, at));
  if (ip === undefined) return goProblem(source.slice(0, at));
  const length = source.slice(at + 1);
  return /^(?:0|[1-9]\d*)$/.test(length)
    ? 'prefix length out of range'
    : `bad bits after slash: ${JSON.stringify(length)}`;
}

function got<T>(read: Read<T>): T {
  if ('found' in read) return read.found;
  throw new CelError(read.problem);
}

const ipOf = (value: Value | undefined): Ip => instance(value, IpValue).ip;
const cidrOf = (value: Value | undefined): Cidr => instance(value, CidrValue).cidr;
const canonical = (ip: Ip): string => formatIp(ip);

const holdsNetwork = (outer: Cidr, inner: Cidr): boolean =>
  inner.prefixLength >= outer.prefixLength && contains(outer, { family: inner.family, value: inner.address });

/** Whether an address is in a network that is known by heart. */
const isWithin = (ip: Ip, ...networks: readonly string[]): boolean =>
  networks.some((network) => {
    const parsed = parseCidr(network);
    return parsed !== undefined && contains(parsed, ip);
  });

const isLinkLocal = (ip: Ip): boolean => isWithin(ip, '169.254.0.0/16', 'fe80::/10');
const isMulticast = (ip: Ip): boolean => isWithin(ip, '224.0.0.0/4', 'ff00::/8');
const isLoopback = (ip: Ip): boolean => isWithin(ip, '127.0.0.0/8', '::1/128');
const isBroadcast = (ip: Ip): boolean => ip.family === 4 && ip.value === 0xffff_ffffn;

const isGlobal = (ip: Ip): boolean =>
  ip.value !== 0n && !isBroadcast(ip) && !isLoopback(ip) && !isMulticast(ip) && !isLinkLocal(ip);

const isText = (read: Read<unknown>): boolean => 'found' in read;

export const addresses: Declarations = [
  ['ip(string): net.IP', ([a]) => new IpValue(got(readIp(text(a))))],
  ['isIP(string): bool', ([a]) => isText(readIp(text(a)))],
  ['ip.isCanonical(string): bool', ([a]) => canonical(got(readIp(text(a)))) === text(a)],
  ['string(net.IP): string', ([a]) => canonical(ipOf(a))],
  ['net.IP.family(): int', ([a]) => BigInt(ipOf(a).family)],
  ['net.IP.isUnspecified(): bool', ([a]) => ipOf(a).value === 0n],
  ['net.IP.isLoopback(): bool', ([a]) => isLoopback(ipOf(a))],
  ['net.IP.isLinkLocalMulticast(): bool', ([a]) => isWithin(ipOf(a), '224.0.0.0/24', 'ff02::/16', 'ff12::/16')],
  ['net.IP.isLinkLocalUnicast(): bool', ([a]) => isLinkLocal(ipOf(a))],
  ['net.IP.isGlobalUnicast(): bool', ([a]) => isGlobal(ipOf(a))],
  ['cidr(string): net.CIDR', ([a]) => new CidrValue(got(readCidr(text(a))))],
  ['isCIDR(string): bool', ([a]) => isText(readCidr(text(a)))],
  ['string(net.CIDR): string', ([a]) => showCidr(cidrOf(a))],
  ['net.CIDR.containsIP(net.IP): bool', ([a, b]) => contains(cidrOf(a), ipOf(b))],
  ['net.CIDR.containsIP(string): bool', ([a, b]) => contains(cidrOf(a), got(readIp(text(b))))],
  ['net.CIDR.containsCIDR(net.CIDR): bool', ([a, b]) => holdsNetwork(cidrOf(a), cidrOf(b))],
  ['net.CIDR.containsCIDR(string): bool', ([a, b]) => holdsNetwork(cidrOf(a), got(readCidr(text(b))))],
  ['net.CIDR.ip(): net.IP', ([a]) => new IpValue({ family: cidrOf(a).family, value: cidrOf(a).host })],
  ['net.CIDR.prefixLength(): int', ([a]) => BigInt(cidrOf(a).prefixLength)],
  ['net.CIDR.masked(): net.CIDR', ([a]) => new CidrValue({ ...cidrOf(a), host: cidrOf(a).address })],
];

const showCidr = ({ family, host, prefixLength }: Cidr): string =>
  `${formatIp({ family, value: host })}/${prefixLength}`;
