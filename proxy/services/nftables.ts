/**
 * Keeps the table `ip longshore` of the kernel as the rules say (or one of another name: see `table`), by the promises
 * of `NftTable`. Nothing is removed at stop.
 */

import type { Logger } from '../../base/logger.ts';
import { ensureHairpin } from '../host/hairpin.ts';
import { defaultTable } from '../nftables/nft-program.ts';
import { NftTable, type NftTableOptions } from '../nftables/nft-table.ts';
import { type RunProgram, runProgram } from '../program.ts';
import type { RuleApplier } from './rule-applier.ts';
import type { Rules } from './rules.ts';
import { computeProgram } from './service-program.ts';

export interface NftablesOptions extends Pick<NftTableOptions, 'clusterId' | 'monitor'> {
  readonly clusterCidr: string;
  /** Default `longshore`. */
  readonly table?: string | undefined;
  readonly logger: Logger;
  /** Runs a command with an input; tests run it in a network namespace. */
  readonly run?: RunProgram;
}

const baseChains = ['services', 'nat-prerouting', 'nat-output', 'nat-postrouting', 'filter-forward'];

export class Nftables implements RuleApplier {
  readonly #clusterCidr: string;
  readonly #clusterId: string | undefined;
  readonly #name: string;
  readonly #run: RunProgram;
  readonly #table: NftTable;
  #hairpinned = '';

  constructor(options: NftablesOptions) {
    const { clusterCidr, clusterId, table = defaultTable, run = runProgram } = options;
    this.#clusterCidr = clusterCidr;
    this.#clusterId = clusterId;
    this.#name = table;
    this.#run = run;
    this.#table = new NftTable({ ...options, table, baseChains });
  }

  async apply(rules: Rules): Promise<void> {
    const options = { clusterCidr: this.#clusterCidr, clusterId: this.#clusterId, table: this.#name };
    await this.#table.apply(computeProgram(rules, options));
    await this.#ensureHairpin(rules.localAddresses);
  }

  async verify(): Promise<boolean> {
    return await this.#table.verify();
  }

  async stop(): Promise<void> {}

  /** A new pod has a new port on the bridge. */
  async #ensureHairpin(localAddresses: readonly string[]): Promise<void> {
    const addresses = localAddresses.join(' ');
    if (addresses === this.#hairpinned) return;
    await ensureHairpin(this.#clusterCidr, this.#run);
    this.#hairpinned = addresses;
  }
}
