/**
 * Keeps the table `ip longshore` of the kernel as the rules say.
 *
 * Invariants:
 * - Every change is one transaction of `nft`: the kernel has either the old rules or the new ones.
 * - The first change after a start, and after a failure, takes over whatever table it finds: it is rewritten in one
 *   transaction, and what the kernel remembers of clients (session affinity) is kept. Later ones send differences.
 * - Nothing is removed at stop.
 */

import type { Logger } from '../base/logger.ts';
import { type Command, runCommand } from './command.ts';
import { ensureHairpin } from './hairpin.ts';
import { computeProgram, mapDefinitions, type NftProgram, tableName } from './nft-program.ts';
import { computeChanges, computeTakeover, type ExistingTable } from './nft-transaction.ts';
import type { RuleApplier } from './rule-applier.ts';
import type { Rules } from './rules.ts';

export interface NftablesOptions {
  readonly clusterCidr: string;
  readonly logger: Logger;
  /** Runs a command with an input; tests run it in a network namespace. */
  readonly run?: Command;
}

export class Nftables implements RuleApplier {
  readonly #clusterCidr: string;
  readonly #logger: Logger;
  readonly #run: Command;
  #applied: NftProgram | undefined;
  #hairpinned = '';

  constructor({ clusterCidr, logger, run = runCommand }: NftablesOptions) {
    this.#clusterCidr = clusterCidr;
    this.#logger = logger;
    this.#run = run;
  }

  async apply(rules: Rules): Promise<void> {
    const program = computeProgram(rules, { clusterCidr: this.#clusterCidr });
    const before = this.#applied;
    this.#applied = undefined;
    if (before === undefined) await this.#takeOver(program);
    else await this.#send(computeChanges(before, program));
    this.#applied = program;
    await this.#ensureHairpin(rules.localAddresses);
  }

  async verify(): Promise<boolean> {
    if (this.#applied === undefined) return false;
    const missing = ['services', 'nat-prerouting', 'nat-output', 'nat-postrouting'].map(async (chain) => {
      const text = await this.#run(['nft', '-t', 'list', 'chain', 'ip', tableName, chain]);
      return !/^\t\t(ip|jump|meta|fib) /m.test(text);
    });
    const intact = await Promise.all(missing).then(
      (results) => !results.includes(true),
      () => false, // nft says no such chain, or cannot say
    );
    if (!intact) this.#applied = undefined;
    return intact;
  }

  async stop(): Promise<void> {}

  /** A new pod has a new port on the bridge. */
  async #ensureHairpin(localAddresses: readonly string[]): Promise<void> {
    const addresses = localAddresses.join(' ');
    if (addresses === this.#hairpinned) return;
    await ensureHairpin(this.#clusterCidr, this.#run);
    this.#hairpinned = addresses;
  }

  async #takeOver(program: NftProgram): Promise<void> {
    const existing = await this.#readTable();
    try {
      await this.#send(computeTakeover(existing, program));
    } catch (error) {
      if (existing === undefined) throw error;
      // Another version may have left a table whose maps have other types: it is replaced, still in one transaction.
      this.#logger.warn('The nftables table found cannot be taken over; replacing it', { error });
      await this.#send(`delete table ip ${tableName}\n${computeTakeover(undefined, program)}`);
    }
  }

  async #send(transaction: string): Promise<void> {
    if (transaction !== '') await this.#run(['nft', '-f', '-'], transaction);
  }

  /** The names in the table as it is; undefined when there is none. */
  async #readTable(): Promise<ExistingTable | undefined> {
    const { nftables: tables } = JSON.parse(await this.#run(['nft', '-j', 'list', 'tables', 'ip'])) as NftListing;
    if (!tables.some(({ table }) => table?.name === tableName)) return undefined;
    const text = await this.#run(['nft', '-t', '-j', 'list', 'table', 'ip', tableName]);
    const { nftables: items } = JSON.parse(text) as NftListing;
    return {
      chains: items.flatMap(({ chain }) => (chain === undefined ? [] : [chain.name])),
      affinitySets: items.flatMap(({ set }) =>
        set === undefined || Object.hasOwn(mapDefinitions, set.name) ? [] : [set.name],
      ),
    };
  }
}

interface NftListing {
  readonly nftables: readonly {
    readonly table?: { readonly name: string };
    readonly chain?: { readonly name: string };
    readonly set?: { readonly name: string };
  }[];
}
