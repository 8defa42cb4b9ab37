/**
 * Names outside of the cluster that a Service of type ExternalName leads to: only to addresses of other machines. What
 * this host keeps for itself (loopback, link-local, its own addresses, in any spelling) is nobody's to publish.
 */

import { networkInterfaces } from 'node:os';
import { formatIp, parseIp } from '../../api/net.ts';
import { isForeignAddress } from '../../api/special-ip.ts';
import { AddressNotAllowedError, judgedLookup } from '../../base/judged-lookup.ts';

/** Whether an address may be connected to for an external name. */
export function isForeignHost(address: string): boolean {
  const ip = parseIp(address);
  if (ip === undefined || !isForeignAddress(address)) return false;
  const text = formatIp(ip);
  const mapped =
    ip.family === 6 && ip.value >> 32n === 0xffffn ? formatIp({ family: 4, value: ip.value & 0xffff_ffffn }) : text;
  return Object.values(networkInterfaces()).every((addresses) =>
    (addresses ?? []).every((own) => own.address !== text && own.address !== mapped),
  );
}

export const foreignLookup = judgedLookup(isForeignHost);

/** Throws for a host that is an address of our own: such are never looked up. Forms like `127.1` are no names either. */
export function judgeExternalHost(host: string): void {
  const isNumeric = /^[0-9.]+$|^0x|:/i.test(host);
  if (isNumeric && !isForeignHost(host)) throw new AddressNotAllowedError(host);
}
