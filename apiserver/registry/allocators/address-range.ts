/** The addresses that Services may have: an IPv4 block without its first and last. Pure. */

export class AddressRange {
  /** `10.96.0.0/16` */
  readonly cidr: string;
  readonly #first: number;
  readonly #count: number;

  constructor(cidr: string) {
    const [, base = '', length = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr) ?? [];
    const bits = Number(length);
    const start = addressNumber(base);
    if (start === undefined || length === '' || bits > 30)
      throw new Error(`${cidr}: must be an IPv4 block of at least four addresses`);
    const size = 2 ** (32 - bits);
    this.cidr = cidr;
    this.#first = start - (start % size) + 1;
    this.#count = size - 2;
  }

  get size(): number {
    return this.#count;
  }

  /** By convention the API server's own Service. */
  get first(): string {
    return this.at(0);
  }

  at(index: number): string {
    return addressText(this.#first + index);
  }

  contains(address: string): boolean {
    const number = addressNumber(address);
    return number !== undefined && number >= this.#first && number < this.#first + this.#count;
  }

  /** How many of the first addresses are left to people who choose one themselves, until nothing else is free. */
  get reserved(): number {
    return Math.min(Math.max(16, Math.floor(this.#count / 16)), 256, this.#count);
  }
}

/** Undefined: not an IPv4 address. */
export function addressNumber(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

const addressText = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
