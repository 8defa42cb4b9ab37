/** Addresses that no endpoint can have: nobody's, one's own, or many's. */

import { contains, parseCidr, parseIp } from '../net.ts';

const special: readonly (readonly [readonly string[], string])[] = [
  [['127.0.0.0/8', '::1/128'], 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [['169.254.0.0/16', 'fe80::/10'], 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [['224.0.0.0/24', 'ff02::/10'], 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/** What makes an address unfit as an endpoint, in upstream's words. */
export function checkSpecialIp(text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return ['must be a valid IP address'];
  const found: string[] = [];
  if (ip.value === 0n) found.push(`may not be unspecified (${text})`);
  for (const [networks, message] of special) {
    const isIn = networks.some((cidr) => {
      const network = parseCidr(cidr);
      return network !== undefined && contains(network, ip);
    });
    if (isIn) found.push(message);
  }
  return found;
}
