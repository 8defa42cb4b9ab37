/**
 * Equal parts of an IPv4 network, handed out one after the other. Pure but for what it has given out.
 *
 * Invariant: a part is free only when nobody holds any address of it, however large the network is that somebody holds.
 */

import { formatIp, parseCidr } from '../../api/net.ts';

interface Network {
  /** The first address as a number. */
  readonly base: number;
  readonly prefix: number;
}

export class CidrPool {
  readonly #network: Network;
  readonly #partPrefix: number;
  readonly #count: number;
  /** Part number → how many hold addresses of it. */
  readonly #holders = new Map<number, number>();
  /** Holder → the numbers of the parts that are not free because of it. */
  readonly #held = new Map<string, Set<number>>();
  #next = 0;

  /** `new CidrPool('10.244.0.0/16', 24)` has 256 parts. */
  constructor(cidr: string, partPrefix: number) {
    const network = ipv4Network(cidr);
    if (network === undefined) throw new RangeError(`Not an IPv4 network: ${cidr}`);
    this.#network = network;
    if (partPrefix < this.#network.prefix || partPrefix > 30) {
      throw new RangeError(`Parts of ${cidr} must have a prefix of ${this.#network.prefix} to 30: it is ${partPrefix}`);
    }
    this.#partPrefix = partPrefix;
    this.#count = 2 ** (partPrefix - this.#network.prefix);
  }

  /** Notes that addresses are in use: no part that has any of them is free. Idempotent for one holder. */
  occupy(cidr: string, holder: string): void {
    for (const index of this.#partsOf(cidr)) this.#hold(index, holder);
  }

  /** Frees what nobody else holds. */
  release(holder: string): void {
    for (const index of this.#held.get(holder) ?? []) {
      const others = (this.#holders.get(index) ?? 1) - 1;
      if (others > 0) this.#holders.set(index, others);
      else this.#holders.delete(index);
    }
    this.#held.delete(holder);
  }

  /** A free part, the one that was free for longest first; undefined when none is left. */
  take(holder: string): string | undefined {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const index = (this.#next + tried) % this.#count;
      if (this.#holders.has(index)) continue;
      this.#hold(index, holder);
      this.#next = index + 1;
      return this.#cidrOf(index);
    }
    return undefined;
  }

  #hold(index: number, holder: string): void {
    const held = this.#held.get(holder) ?? new Set();
    if (held.has(index)) return;
    this.#held.set(holder, held.add(index));
    this.#holders.set(index, (this.#holders.get(index) ?? 0) + 1);
  }

  #partSize(): number {
    return 2 ** (32 - this.#partPrefix);
  }

  #cidrOf(index: number): string {
    const value = BigInt(this.#network.base + index * this.#partSize());
    return `${formatIp({ family: 4, value })}/${this.#partPrefix}`;
  }

  /** None for what is not inside this network: nobody may hold that, and it takes nothing away. */
  *#partsOf(cidr: string): Iterable<number> {
    const held = ipv4Network(cidr);
    if (held === undefined || held.prefix < this.#network.prefix) return;
    const first = Math.floor((held.base - this.#network.base) / this.#partSize());
    if (first < 0 || first >= this.#count) return;
    const parts = 2 ** Math.max(0, this.#partPrefix - held.prefix);
    for (let index = first; index < first + parts; index += 1) yield index;
  }
}

function ipv4Network(cidr: string): Network | undefined {
  const network = parseCidr(cidr);
  return network?.family === 4 ? { base: Number(network.address), prefix: network.prefixLength } : undefined;
}
