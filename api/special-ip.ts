/** Addresses that no endpoint can have: nobody's, one's own, or many's. They are judged as numbers, never as text. */

import { contains, type Ip, type Network, parseCidr, parseIp } from './net.ts';

/** What checks them, and upstream's words for it. */
interface SpecialRange {
  readonly networks: readonly Network[];
  readonly message: string;
}

const networksOf = (...cidrs: string[]): Network[] => cidrs.flatMap((cidr) => parseCidr(cidr) ?? []);

const loopback: SpecialRange = {
  networks: networksOf('127.0.0.0/8', '::1/128'),
  message: 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
};
const linkLocal: SpecialRange = {
  networks: networksOf('169.254.0.0/16', 'fe80::/10'),
  message: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
};
const linkLocalMulticast: SpecialRange = {
  // Whatever their flags are: these are the second half of the first byte pair.
  networks: networksOf('224.0.0.0/24', ...Array.from({ length: 16 }, (_, flags) => `ff${flags.toString(16)}2::/16`)),
  message: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
};
const unspecified = networksOf('0.0.0.0/8', '::/128');
const multicast = networksOf('224.0.0.0/4', 'ff00::/8');

const isIn = (ip: Ip, networks: readonly Network[]): boolean => networks.some((network) => contains(network, ip));

/** What makes an address unfit as an endpoint, in upstream's words. */
export function checkSpecialIp(text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return ['must be a valid IP address'];
  const found: string[] = [];
  if (ip.value === 0n) found.push(`may not be unspecified (${text})`);
  const meanings = meaningsOf(ip);
  for (const { networks, message } of [loopback, linkLocal, linkLocalMulticast]) {
    if (meanings.some((one) => isIn(one, networks))) found.push(message);
  }
  return found;
}

/**
 * Whether what listens at an address may be another machine or a pod. False for the addresses of the host itself, of
 * its links alone, of many at once, and for what is no address.
 */
export function isForeignAddress(text: string): boolean {
  const ip = parseIp(text);
  const own = [...loopback.networks, ...linkLocal.networks, ...unspecified, ...multicast];
  return ip !== undefined && meaningsOf(ip).every((one) => !isIn(one, own));
}

/** Forms of IPv6 that carry an IPv4 address, and how far from the right end that begins. */
const carriers: readonly { readonly network: string; readonly shift: bigint; readonly inverted?: boolean }[] = [
  { network: '::ffff:0:0/96', shift: 0n }, // IPv4-mapped
  { network: '::ffff:0:0:0/96', shift: 0n }, // IPv4-translated
  { network: '::/96', shift: 0n }, // IPv4-compatible
  { network: '64:ff9b::/96', shift: 0n }, // NAT64
  { network: '64:ff9b:1::/48', shift: 0n }, // NAT64 of one's own
  { network: '2002::/16', shift: 80n }, // 6to4
  { network: '2001::/32', shift: 0n, inverted: true }, // Teredo
];
const carrierNetworks = carriers.map((carrier) => ({ ...carrier, networks: networksOf(carrier.network) }));

/** The address, and the IPv4 address that it carries: a router or the kernel may take it for that. */
function meaningsOf(ip: Ip): Ip[] {
  const carried = carrierNetworks
    .filter(({ networks }) => isIn(ip, networks))
    .map(({ shift, inverted }) => ((inverted ? ~ip.value : ip.value) >> shift) & 0xffff_ffffn);
  const isIsatap = ip.family === 6 && ((ip.value >> 32n) & 0xfdff_ffffn) === 0x5efen;
  if (isIsatap) carried.push(ip.value & 0xffff_ffffn);
  // `::` and `::1` are themselves, not the compatible forms of 0.0.0.0 and 0.0.0.1.
  const isBare = ip.family === 6 && ip.value <= 1n;
  return isBare ? [ip] : [ip, ...carried.map((value): Ip => ({ family: 4, value }))];
}
