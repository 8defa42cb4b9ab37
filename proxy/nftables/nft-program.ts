/** A program for nftables: what one table of ours holds. Pure. What it is for is a matter of those who make it. */

/** The table's name, unless another cluster's proxy works on the same host. */
export const defaultTable = 'longshore';
/** A chain without rules whose name says whose table it is. */
const ownerPrefix = 'cluster-';

export interface NftProgram {
  /** Of the family `ip`. */
  readonly table: string;
  /** The maps and sets that it fills, in nft's words, by name. One name is always of one type. */
  readonly definitions: Readonly<Record<string, string>>;
  /** Text of each rule, by chain. A base chain's first line says where it hooks in. */
  readonly chains: ReadonlyMap<string, NftChain>;
  /** Contents of these maps and sets: the value by key, empty for sets. */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Sets that the kernel fills: which client stays with which endpoint, by set, with the seconds it stays. */
  readonly affinitySets: ReadonlyMap<string, number>;
}

export interface NftChain {
  readonly definition: string;
  readonly rules: readonly string[];
}

/** The cluster that the chains found in a table name as its owner; undefined: they are of a build that named none. */
export function ownerOfChains(chains: readonly string[]): string | undefined {
  return chains.find((name) => name.startsWith(ownerPrefix))?.slice(ownerPrefix.length);
}

export interface BuilderOptions extends Pick<NftProgram, 'table' | 'definitions'> {
  /** Whose table it is; absent: it names none. */
  readonly clusterId?: string | undefined;
}

export class ProgramBuilder implements NftProgram {
  readonly table: string;
  readonly chains = new Map<string, NftChain>();
  readonly definitions: Record<string, string>;
  readonly maps: Map<string, Map<string, string>>;
  readonly affinitySets = new Map<string, number>();

  constructor({ table, definitions, clusterId }: BuilderOptions) {
    this.table = table;
    this.definitions = { ...definitions };
    this.maps = new Map(Object.keys(definitions).map((name) => [name, new Map()]));
    if (clusterId !== undefined) this.addChain(`${ownerPrefix}${clusterId}`, '', []);
  }

  addChain(name: string, definition: string, rules: readonly string[]): void {
    this.chains.set(name, { definition, rules });
  }

  /** A set beside those that are always there, with these elements. `type` in nft's words: `type ipv4_addr;`. */
  addSet(name: string, type: string, elements: Iterable<string>): void {
    this.definitions[name] = `set ${name} { ${type} }`;
    this.maps.set(name, new Map(Array.from(elements, (element) => [element, ''])));
  }

  /** The first to claim a key keeps it: two Services may name the same external address and port. */
  addEntry(map: string, key: string, value = ''): void {
    const entries = this.maps.get(map);
    if (entries !== undefined && !entries.has(key)) entries.set(key, value);
  }
}
