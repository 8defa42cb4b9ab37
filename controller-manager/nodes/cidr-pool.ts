/** Equal parts of an IPv4 network, handed out one after the other. Pure but for what it has given out. */

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
  /** Part number → how many hold it. */
  readonly #taken = new Set<number>();
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

  /** Notes that a part is in use; what is not a part of this network is of no concern. */
  occupy(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#taken.add(index);
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#taken.delete(index);
  }

  /** A free part, the one that was free for longest first; undefined when none is left. */
  take(): string | undefined {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const index = (this.#next + tried) % this.#count;
      if (this.#taken.has(index)) continue;
      this.#taken.add(index);
      this.#next = index + 1;
      return this.#cidrOf(index);
    }
    return undefined;
  }

  #partSize(): number {
    return 2 ** (32 - this.#partPrefix);
  }

  #cidrOf(index: number): string {
    const value = BigInt(this.#network.base + index * this.#partSize());
    return `${formatIp({ family: 4, value })}/${this.#partPrefix}`;
  }

  #indexOf(cidr: string): number | undefined {
    const part = ipv4Network(cidr);
    if (part === undefined) return undefined; // Another address family, or not a CIDR: not a part of this network.
    const index = Math.floor((part.base - this.#network.base) / this.#partSize());
    return index >= 0 && index < this.#count ? index : undefined;
  }
}

function ipv4Network(cidr: string): Network | undefined {
  const network = parseCidr(cidr);
  return network?.family === 4 ? { base: Number(network.address), prefix: network.prefixLength } : undefined;
}
