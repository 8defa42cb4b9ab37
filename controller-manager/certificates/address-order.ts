/**
 * Which node had an address first. Nodes say themselves where they are: who comes later with an address that another
 * has, by mistake or to be taken for it, must neither get a certificate for it nor keep the other from getting one.
 *
 * Of what was there when we began to look nobody knows the order: then each is in the other's way, until one of them
 * drops it.
 */

import { formatIp, type Ip, parseIp } from '../../api/net.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

/** How it is compared: as a number, or as a name that differs from none by case or by a dot at its end. */
export function formOf(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? address.toLowerCase().replace(/\.$/, '') : formatIp(withoutMapping(ip));
}

const mappedPrefix = 0xffffn << 32n;

function withoutMapping(ip: Ip): Ip {
  const isMapped = ip.family === 6 && ip.value >> 32n === mappedPrefix >> 32n;
  return isMapped ? { family: 4, value: ip.value - mappedPrefix } : ip;
}

export class AddressOrder {
  /** Form of an address → node → when it came with it. */
  readonly #claims = new Map<string, Map<string, number>>();
  /** Node → what it has. Its name is one of them. */
  readonly #had = new Map<string, ReadonlySet<string>>();
  #count = 0;
  #isBegun = false;

  /** From here on changes are heard of in the order in which they happen. */
  begin(): void {
    this.#isBegun = true;
  }

  /** Undefined: it is gone. */
  saw(name: string, node: DeepReadonly<Node> | undefined): void {
    const has = new Set(node === undefined ? [] : [name, ...addressesOf(node)].map(formOf));
    for (const form of this.#had.get(name) ?? []) if (!has.has(form)) this.#drop(form, name);
    if (this.#isBegun) this.#count += 1;
    for (const form of has) {
      const claims = this.#claims.get(form) ?? new Map<string, number>();
      if (!claims.has(name)) this.#claims.set(form, claims.set(name, this.#count));
    }
    if (has.size === 0) this.#had.delete(name);
    else this.#had.set(name, has);
  }

  /** Whether another node has the address, and had it before this one, as far as anybody knows. */
  isAnothers(address: string, name: string): boolean {
    const claims = this.#claims.get(formOf(address));
    const own = claims?.get(name) ?? Number.POSITIVE_INFINITY;
    return [...(claims ?? [])].some(([other, since]) => other !== name && since <= own);
  }

  #drop(form: string, name: string): void {
    const claims = this.#claims.get(form);
    claims?.delete(name);
    if (claims?.size === 0) this.#claims.delete(form);
  }
}

export const addressesOf = ({ status }: DeepReadonly<Node>): string[] =>
  (status?.addresses ?? []).map(({ address }) => address);
