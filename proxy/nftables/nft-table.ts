/**
 * Keeps one table of the kernel as a program says.
 *
 * Invariants:
 * - Every change is one transaction of `nft`: the kernel has either the old rules or the new ones.
 * - The first change after a start, and after a failure, takes over whatever table it finds: it is rewritten in one
 *   transaction, and sets that the kernel fills keep their contents. Later ones send differences.
 * - A table of another cluster is never touched.
 */

import type { Logger } from '../../base/logger.ts';
import { type RunProgram, runProgram } from '../program.ts';
import { foreignOwner, readExistingTable } from './existing-table.ts';
import type { NftProgram } from './nft-program.ts';
import { computeChanges, computeTakeover } from './nft-transaction.ts';
import type { TableMonitor } from './table-monitor.ts';

export interface NftTableOptions {
  /** Of the family `ip`. */
  readonly table: string;
  /** Whose rules these are: a table that names another cluster is left alone. */
  readonly clusterId?: string | undefined;
  /** Chains that always have a rule: where they have none, somebody has emptied them. */
  readonly baseChains: readonly string[];
  /** Told of every transaction, and asked by `verify` whether others changed the table. */
  readonly monitor?: Pick<TableMonitor, 'noteOwn' | 'takeDisturbance' | 'isListening'> | undefined;
  readonly logger: Logger;
  /** Runs a command with an input; tests run it in a network namespace. */
  readonly run?: RunProgram | undefined;
}

/** Every so many looks the kernel is asked although the monitor says nothing. */
const looksWithMonitor = 15;

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

export class NftTable {
  readonly #options: NftTableOptions;
  readonly #run: RunProgram;
  #applied: NftProgram | undefined;
  #looks = 0;

  constructor(options: NftTableOptions) {
    this.#options = options;
    this.#run = options.run ?? runProgram;
  }

  get clusterId(): string | undefined {
    return this.#options.clusterId;
  }

  /** Whether something was applied, and nobody is known to have changed it. */
  get isApplied(): boolean {
    return this.#applied !== undefined;
  }

  /** Makes exactly this so. After a failure the next call starts from nothing that it remembers. One call at a time. */
  async apply(program: NftProgram): Promise<void> {
    const before = this.#applied;
    this.#applied = undefined;
    if (before === undefined) await this.#takeOver(program);
    else await this.#send(computeChanges(before, program));
    this.#applied = program;
  }

  /** Whether what was applied is still there. If not, the next `apply` starts from nothing. */
  async verify(): Promise<boolean> {
    if (this.#applied === undefined) return false;
    const { monitor } = this.#options;
    // Asked first and in any case: what it has to tell is about the table as it is looked at now.
    const isDisturbed = monitor?.takeDisturbance() ?? false;
    const isIntact = !isDisturbed && (await this.#hasBaseChains());
    if (!isIntact) this.#applied = undefined;
    return isIntact;
  }

  /** Takes the table away, if there is one and it is ours. */
  async remove(): Promise<void> {
    const { table, clusterId } = this.#options;
    this.#applied = undefined;
    const existing = await readExistingTable(this.#run, table);
    if (existing === undefined || foreignOwner(existing, clusterId) !== undefined) return;
    await this.#send(`delete table ip ${table}\n`);
  }

  /** Whether there is a rule in each chain by which traffic enters. A monitor would have told: then only now and then. */
  async #hasBaseChains(): Promise<boolean> {
    const { monitor, baseChains, table } = this.#options;
    this.#looks += 1;
    if (monitor?.isListening && this.#looks % looksWithMonitor !== 0) return true;
    for (const chain of baseChains) {
      try {
        // All in one command fails when nothing of the table is known yet (nft 1.0.6).
        const text = await this.#run(['nft', '-t', 'list', 'chain', 'ip', table, chain]);
        if (!/^\t\t(ip|jump|meta|fib|ct) /m.test(text)) return false;
      } catch {
        return false; // nft says no such chain, or cannot say
      }
    }
    return true;
  }

  async #takeOver(program: NftProgram): Promise<void> {
    const { table, clusterId, logger } = this.#options;
    const existing = await readExistingTable(this.#run, table);
    const owner = foreignOwner(existing, clusterId);
    if (owner !== undefined) throw new ForeignTableError(table, owner);
    try {
      await this.#send(computeTakeover(existing, program));
    } catch (error) {
      if (existing === undefined) throw error;
      // Another version may have left a table whose maps have other types: it is replaced, still in one transaction.
      logger.warn('The nftables table found cannot be taken over; replacing it', { error });
      await this.#send(`delete table ip ${table}\n${computeTakeover(undefined, program)}`);
    }
  }

  async #send(transaction: string): Promise<void> {
    if (transaction === '') return;
    await this.#run(['nft', '-f', '-'], transaction);
    this.#options.monitor?.noteOwn();
  }
}
