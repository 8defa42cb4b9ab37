/** Whom the DNS of a node answers: pods, and the host itself. It is no resolver for the rest of the world. */

import { networkInterfaces } from 'node:os';
import { contains, type Network, parseIp } from '../../api/net.ts';

/** So many senders are remembered between two looks at the host's addresses. */
const mostRemembered = 10_000;

export class DnsClients {
  readonly #podNetwork: Network | undefined;
  readonly #readOwn: () => Iterable<string>;
  #own: ReadonlySet<string> = new Set();
  readonly #judged = new Map<string, boolean>();

  constructor(podNetwork: Network | undefined, readOwn: () => Iterable<string> = addressesOfHost) {
    this.#podNetwork = podNetwork;
    this.#readOwn = readOwn;
    this.refresh();
  }

  get own(): ReadonlySet<string> {
    return this.#own;
  }

  /** The host may have other addresses by now. */
  refresh(): void {
    this.#own = new Set(this.#readOwn());
    this.#judged.clear();
  }

  includes(address: string): boolean {
    const known = this.#judged.get(address);
    if (known !== undefined) return known;
    const judged = this.#judge(address);
    if (this.#judged.size < mostRemembered) this.#judged.set(address, judged);
    return judged;
  }

  #judge(address: string): boolean {
    const ip = parseIp(address);
    if (ip === undefined) return false;
    if (this.#podNetwork !== undefined && contains(this.#podNetwork, ip)) return true;
    return address.startsWith('127.') || this.#own.has(address);
  }
}

function* addressesOfHost(): Generator<string> {
  for (const all of Object.values(networkInterfaces())) for (const { address } of all ?? []) yield address;
}
