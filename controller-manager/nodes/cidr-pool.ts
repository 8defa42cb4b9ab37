/** Equal parts of an IPv4 network, handed out one after the other. Pure but for what it has given out. */

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
    this.#network = parseCidr(cidr);
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
    const address = this.#network.base + index * this.#partSize();
    return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${this.#partPrefix}`;
  }

  #indexOf(cidr: string): number | undefined {
    try {
      const index = Math.floor((parseCidr(cidr).base - this.#network.base) / this.#partSize());
      return index >= 0 && index < this.#count ? index : undefined;
    } catch {
      return undefined; // Another address family, or not a CIDR: not a part of this network.
    }
  }
}

function parseCidr(cidr: string): Network {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = (match ?? []).slice(1).map(Number);
  if ([a, b, c, d].some((byte) => byte > 255) || prefix > 32) throw new RangeError(`Not an IPv4 network: ${cidr}`);
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { base: Math.floor(address / size) * size, prefix };
}
