/**
 * What the host must allow so that pods reach pods and Services: forwarding, bridged packets shown to netfilter, and
 * a way through Docker's own forwarding rules. Ensured again from time to time, since Docker may start later.
 */

import { readFile, writeFile } from 'node:fs/promises';
import type { Logger } from '../base/logger.ts';
import { type Command, CommandError, isMissingCommand } from './command.ts';

const settings = [
  { path: '/proc/sys/net/ipv4/ip_forward', why: 'packets between pods and the outside are not forwarded' },
  {
    path: '/proc/sys/net/bridge/bridge-nf-call-iptables',
    why: 'answers between pods of one node bypass Services (module br_netfilter)',
  },
];

/** Rules in Docker's chain for its users: it drops what it does not know otherwise. */
export const dockerUserRules = (clusterCidr: string): string[][] =>
  ['-s', '-d'].map((direction) => [
    ...['DOCKER-USER', direction, clusterCidr],
    ...['-m', 'comment', '--comment', 'longshore', '-j', 'ACCEPT'],
  ]);

export class HostSettings {
  readonly #clusterCidr: string;
  readonly #run: Command;
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(options: { readonly clusterCidr: string; readonly run: Command; readonly logger: Logger }) {
    this.#clusterCidr = options.clusterCidr;
    this.#run = options.run;
    this.#logger = options.logger;
  }

  /** Never rejects: what cannot be set is told once, and traffic may go on all the same. */
  async ensure(): Promise<void> {
    await this.#attempt('The kernel module br_netfilter cannot be loaded', () => this.#loadBridgeModule());
    for (const { path, why } of settings) await this.#attempt(why, () => switchOn(path));
    await this.#attempt('Docker may drop packets of pods', () => this.#openDocker());
  }

  async #loadBridgeModule(): Promise<void> {
    const present = await readFile('/proc/sys/net/bridge/bridge-nf-call-iptables').catch(() => undefined);
    if (present === undefined) await this.#run(['modprobe', 'br_netfilter']);
  }

  async #openDocker(): Promise<void> {
    for (const rule of dockerUserRules(this.#clusterCidr)) {
      if (await succeeds(this.#run(['iptables', '-w', '-C', ...rule]))) continue;
      // Without the chain there is no Docker here whose rules would stand in the way.
      if (!(await succeeds(this.#run(['iptables', '-w', '-S', 'DOCKER-USER'])))) return;
      await this.#run(['iptables', '-w', '-I', ...rule]);
    }
  }

  async #attempt(why: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!this.#told.has(why)) this.#logger.warn('A setting of the host cannot be ensured', { why, error });
      this.#told.add(why);
    }
  }
}

async function switchOn(path: string): Promise<void> {
  if ((await readFile(path, 'utf8')).trim() !== '1') await writeFile(path, '1');
}

/** The command says yes or no by its exit code; that it is missing is an error. */
async function succeeds(command: Promise<string>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch (error) {
    if (error instanceof CommandError && !isMissingCommand(error)) return false;
    throw error;
  }
}
