/** What stands in the kernel under the name of our table, and whose it is. */

import type { RunProgram } from '../program.ts';
import { ownerOfChains } from './nft-program.ts';
import type { ExistingTable } from './nft-transaction.ts';

interface NftListing {
  readonly nftables: readonly {
    readonly table?: { readonly name: string };
    readonly chain?: { readonly name: string };
    readonly set?: { readonly name: string };
  }[];
}

/** The names in the table as it is; undefined when there is none. */
export async function readExistingTable(run: RunProgram, table: string): Promise<ExistingTable | undefined> {
  // Both times what `nft -j` prints for a list of what is there.
  const { nftables: tables } = JSON.parse(await run(['nft', '-j', 'list', 'tables', 'ip'])) as NftListing;
  if (!tables.some((one) => one.table?.name === table)) return undefined;
  const text = await run(['nft', '-t', '-j', 'list', 'table', 'ip', table]);
  const { nftables: items } = JSON.parse(text) as NftListing;
  return {
    chains: items.flatMap(({ chain }) => (chain === undefined ? [] : [chain.name])),
    sets: items.flatMap(({ set }) => (set === undefined ? [] : [set.name])),
  };
}

/** The cluster whose proxy made the table, when that is another one than `clusterId`; undefined: it may be taken. */
export function foreignOwner(existing: ExistingTable | undefined, clusterId: string | undefined): string | undefined {
  const owner = ownerOfChains(existing?.chains ?? []);
  return owner === clusterId ? undefined : owner;
}
