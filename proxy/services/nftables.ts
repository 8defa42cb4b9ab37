/**
 * Keeps the table `ip longshore` of the kernel as the rules say (or one of another name: see `table`).
 *
 * Invariants:
 * - Every change is one transaction of `nft`: the kernel has either the old rules or the new ones.
 * - The first change after a start, and after a failure, takes over whatever table it finds: it is rewritten in one
 *   transaction, and what the kernel remembers of clients (session affinity) is kept. Later ones send differences.
 * - Nothing is removed at stop.
 * - A table of another cluster is never touched.
 */

import type { Logger } from '../../base/logger.ts';
import { ensureHairpin } from '../host/hairpin.ts';
import { foreignOwner, readExistingTable } from '../nftables/existing-table.ts';
import { defaultTable, type NftProgram } from '../nftables/nft-program.ts';
import { computeChanges, computeTakeover } from '../nftables/nft-transaction.ts';
import type { TableMonitor } from '../nftables/table-monitor.ts';
import { type RunProgram, runProgram } from '../program.ts';
import type { RuleApplier } from './rule-applier.ts';
import type { Rules } from './rules.ts';
import { computeProgram } from './service-program.ts';

export interface NftablesOptions {
  readonly clusterCidr: string;
  /** Whose rules these are: a table that names another cluster is left alone. */
  readonly clusterId?: string | undefined;
  /** Default `longshore`. */
  readonly table?: string | undefined;
  /** Told of every transaction, and asked by `verify` whether others changed the table. */
  readonly monitor?: Pick<TableMonitor, 'noteOwn' | 'takeDisturbance' | 'isListening'> | undefined;
  readonly logger: Logger;
  /** Runs a command with an input; tests run it in a network namespace. */
  readonly run?: RunProgram;
}

/** Every so many looks the kernel is asked although the monitor says nothing. */
const looksWithMonitor = 15;
const baseChains = ['services', 'nat-prerouting', 'nat-output', 'nat-postrouting', 'filter-forward'];

/** Another cluster's proxy works, or worked, on this host under the same name. */
export class ForeignTableError extends Error {
  override readonly name = 'ForeignTableError';

  constructor(table: string, owner: string) {
    super(
      `The nftables table "ip ${table}" belongs to another cluster (${owner}): two proxies on one host need ` +
        'different tables. Take that cluster down, or give this one a name of its own with --network-name.',
    );
  }
}

export class Nftables implements RuleApplier {
  readonly #clusterCidr: string;
  readonly #clusterId: string | undefined;
  readonly #table: string;
  readonly #monitor: NftablesOptions['monitor'];
  readonly #logger: Logger;
  readonly #run: RunProgram;
  #applied: NftProgram | undefined;
  #hairpinned = '';
  #looks = 0;

  constructor(options: NftablesOptions) {
    this.#clusterCidr = options.clusterCidr;
    this.#clusterId = options.clusterId;
    this.#table = options.table ?? defaultTable;
    this.#monitor = options.monitor;
    this.#logger = options.logger;
    this.#run = options.run ?? runProgram;
  }

  async apply(rules: Rules): Promise<void> {
    const program = computeProgram(rules, {
      clusterCidr: this.#clusterCidr,
      clusterId: this.#clusterId,
      table: this.#table,
    });
    const before = this.#applied;
    this.#applied = undefined;
    if (before === undefined) await this.#takeOver(program);
    else await this.#send(computeChanges(before, program));
    this.#applied = program;
    await this.#ensureHairpin(rules.localAddresses);
  }

  async verify(): Promise<boolean> {
    if (this.#applied === undefined) return false;
    // Asked first and in any case: what it has to tell is about the table as it is looked at now.
    const isDisturbed = this.#monitor?.takeDisturbance() ?? false;
    const isIntact = !isDisturbed && (await this.#hasBaseChains());
    if (!isIntact) this.#applied = undefined;
    return isIntact;
  }

  async stop(): Promise<void> {}

  /** A new pod has a new port on the bridge. */
  async #ensureHairpin(localAddresses: readonly string[]): Promise<void> {
    const addresses = localAddresses.join(' ');
    if (addresses === this.#hairpinned) return;
    await ensureHairpin(this.#clusterCidr, this.#run);
    this.#hairpinned = addresses;
  }

  /** Whether there is a rule in each chain by which traffic enters. A monitor would have told: then only now and then. */
  async #hasBaseChains(): Promise<boolean> {
    this.#looks += 1;
    if (this.#monitor?.isListening && this.#looks % looksWithMonitor !== 0) return true;
    for (const chain of baseChains) {
      try {
        // All in one command fails when nothing of the table is known yet (nft 1.0.6).
        const text = await this.#run(['nft', '-t', 'list', 'chain', 'ip', this.#table, chain]);
        if (!/^\t\t(ip|jump|meta|fib|ct) /m.test(text)) return false;
      } catch {
        return false; // nft says no such chain, or cannot say
      }
    }
    return true;
  }

  async #takeOver(program: NftProgram): Promise<void> {
    const existing = await readExistingTable(this.#run, this.#table);
    const owner = foreignOwner(existing, this.#clusterId);
    if (owner !== undefined) throw new ForeignTableError(this.#table, owner);
    try {
      await this.#send(computeTakeover(existing, program));
    } catch (error) {
      if (existing === undefined) throw error;
      // Another version may have left a table whose maps have other types: it is replaced, still in one transaction.
      this.#logger.warn('The nftables table found cannot be taken over; replacing it', { error });
      await this.#send(`delete table ip ${this.#table}\n${computeTakeover(undefined, program)}`);
    }
  }

  async #send(transaction: string): Promise<void> {
    if (transaction === '') return;
    await this.#run(['nft', '-f', '-'], transaction);
    this.#monitor?.noteOwn();
  }
}
