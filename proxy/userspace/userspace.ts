/**
 * Services by sockets of this process, where nftables or root is missing: it listens on node ports, and, where it may
 * give the host addresses, on cluster IPs. Slower than the kernel, senders' addresses are lost, and connections end
 * with this process.
 */

import type { Logger } from '../../base/logger.ts';
import { type RunProgram, runProgram } from '../program.ts';
import type { RuleApplier } from '../services/rule-applier.ts';
import type { Rules, ServiceRule } from '../services/rules.ts';
import { Listeners, type WantedListener } from './listeners.ts';

export interface UserspaceOptions {
  readonly logger: Logger;
  readonly run?: RunProgram;
}

/** Marks the addresses that are ours on the loopback device. */
export const addressLabel = 'lo:longshore';

export class Userspace implements RuleApplier {
  readonly #logger: Logger;
  readonly #run: RunProgram;
  readonly #listeners: Listeners;
  #addresses: Set<string> | undefined;
  #mayAddAddresses = true;

  constructor({ logger, run = runProgram }: UserspaceOptions) {
    this.#logger = logger;
    this.#run = run;
    this.#listeners = new Listeners(logger);
  }

  async apply({ services }: Rules): Promise<void> {
    const addressed = await this.#ensureAddresses(new Set(services.map(({ clusterIp }) => clusterIp)));
    await this.#listeners.set(services.flatMap((rule) => wantedFor(rule, addressed)));
  }

  /** Sockets cannot be taken away. */
  verify(): Promise<boolean> {
    return Promise.resolve(true);
  }

  stop(): Promise<void> {
    return this.#listeners.stop();
  }

  /** Gives the host the cluster IPs; the result is those that it has. */
  async #ensureAddresses(wanted: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    if (!this.#mayAddAddresses) return new Set();
    try {
      this.#addresses ??= await this.#readAddresses();
      for (const address of this.#addresses)
        if (!wanted.has(address)) await this.#change(this.#addresses, 'del', address);
      for (const address of wanted)
        if (!this.#addresses.has(address)) await this.#change(this.#addresses, 'add', address);
      return this.#addresses;
    } catch (error) {
      this.#mayAddAddresses = false;
      this.#logger.warn('Cluster IPs are out of reach: the host cannot be given addresses. Node ports work', { error });
      return new Set();
    }
  }

  async #change(known: Set<string>, action: 'add' | 'del', address: string): Promise<void> {
    await this.#run(['ip', 'address', action, `${address}/32`, 'dev', 'lo', 'label', addressLabel]);
    if (action === 'add') known.add(address);
    else known.delete(address);
  }

  async #readAddresses(): Promise<Set<string>> {
    const text = await this.#run(['ip', '-j', '-4', 'address', 'show', 'dev', 'lo', 'label', addressLabel]);
    // What `ip -j` prints for `address show`.
    const devices = JSON.parse(text === '' ? '[]' : text) as { readonly addr_info?: readonly { local: string }[] }[];
    return new Set(devices.flatMap(({ addr_info: addresses = [] }) => addresses.map(({ local }) => local)));
  }
}

function wantedFor(rule: ServiceRule, addressed: ReadonlySet<string>): WantedListener[] {
  const { protocol, affinitySeconds } = rule;
  const wanted: WantedListener[] = [];
  if (rule.internal.length > 0 && addressed.has(rule.clusterIp))
    wanted.push({ protocol, address: rule.clusterIp, port: rule.port, endpoints: rule.internal, affinitySeconds });
  if (rule.external.length > 0 && rule.nodePort !== undefined)
    wanted.push({ protocol, address: '0.0.0.0', port: rule.nodePort, endpoints: rule.external, affinitySeconds });
  return wanted;
}
