/**
 * What the host must allow so that pods reach pods and Services: forwarding, bridged packets shown to netfilter, and
 * a way through Docker's own forwarding rules. Ensured again every few seconds, since others set these as well.
 */

import { readFile, writeFile } from 'node:fs/promises';
import type { Logger } from '../../base/logger.ts';
import { isMissingProgram, type RunProgram } from '../program.ts';
import { computeMissingForwardRules } from './forward-rules.ts';

const settings = [
  { path: '/proc/sys/net/ipv4/ip_forward', why: 'packets between pods and the outside are not forwarded' },
  {
    path: '/proc/sys/net/bridge/bridge-nf-call-iptables',
    why: 'pods of one node bypass Services and NetworkPolicies (module br_netfilter)',
  },
];

export interface HostSettingsOptions {
  readonly clusterCidr: string;
  /** Whose exceptions in Docker's rules these are. */
  readonly clusterId?: string | undefined;
  readonly run: RunProgram;
  readonly logger: Logger;
  /** Told once for each thing that cannot be ensured, until it can. */
  readonly onTrouble?: (why: string) => void;
}

export class HostSettings {
  readonly #options: HostSettingsOptions;
  readonly #told = new Set<string>();

  constructor(options: HostSettingsOptions) {
    this.#options = options;
  }

  /** Never rejects: what cannot be set is told once, and traffic may go on all the same. */
  async ensure(): Promise<void> {
    await this.#attempt('The kernel module br_netfilter cannot be loaded', () => this.#loadBridgeModule());
    for (const { path, why } of settings) await this.#attempt(why, () => this.#switchOn(path));
    await this.#attempt('The firewall may drop packets of pods', () => this.#openForwarding());
  }

  async #loadBridgeModule(): Promise<void> {
    const present = await readFile('/proc/sys/net/bridge/bridge-nf-call-iptables').catch(() => undefined);
    if (present === undefined) await this.#options.run(['modprobe', 'br_netfilter']);
  }

  async #switchOn(path: string): Promise<void> {
    if ((await readFile(path, 'utf8')).trim() === '1') return;
    await writeFile(path, '1');
    this.#options.logger.info('Switched on what pods need of the host', { path });
  }

  async #openForwarding(): Promise<void> {
    const { run, logger } = this.#options;
    let listing: string;
    try {
      listing = await run(['iptables', '-w', '5', '-S']);
    } catch (error) {
      // Without the program nobody here has made such rules.
      if (isMissingProgram(error)) return;
      throw error;
    }
    for (const { chain, rule } of computeMissingForwardRules(listing, this.#options)) {
      await run(['iptables', '-w', '5', '-I', chain, ...rule]);
      logger.info('Let packets of pods through the firewall', { chain });
    }
  }

  async #attempt(why: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.#told.delete(why);
    } catch (error) {
      if (this.#told.has(why)) return;
      this.#told.add(why);
      this.#options.logger.warn('A setting of the host cannot be ensured', { why, error });
      this.#options.onTrouble?.(why);
    }
  }
}
