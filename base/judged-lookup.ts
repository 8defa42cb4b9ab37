/** Name resolution for connections that may not go everywhere: what is connected to is what was judged. */

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

export class AddressNotAllowedError extends Error {
  constructor(host: string) {
    super(`address not allowed: ${host}`);
    this.name = 'AddressNotAllowedError';
  }
}

type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * For the `lookup` option of sockets and agents. A name resolves only if each of its addresses is allowed: whoever
 * answers for the name may put the forbidden one anywhere in the list. Hosts that are addresses are never looked up:
 * judge them before.
 */
export function judgedLookup(isAllowed: (address: string) => boolean, resolve: Resolve = lookup): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) callback(error, '');
      else if (first === undefined || !addresses.every(({ address }) => isAllowed(address)))
        callback(new AddressNotAllowedError(host), '');
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
