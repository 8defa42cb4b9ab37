/**
 * The difference between two programs as one transaction for `nft -f -`. Pure. Within it things are made before they
 * are named and removed after nothing names them: sets, chains, rules, entries, then the same backwards.
 */

import type { NftChain, NftProgram } from './nft-program.ts';

/** What was found in the kernel: names only. */
export interface ExistingTable {
  readonly chains: readonly string[];
  readonly sets: readonly string[];
}

/** From `before` to `after`, which are of one table; empty when they are the same. */
export function computeChanges(before: NftProgram, after: NftProgram): string {
  const lines = new Lines(after.table);
  const changed = [...after.chains].filter(([name, chain]) => !isSameChain(before.chains.get(name), chain));
  const goneSets = Object.keys(before.definitions).filter((name) => !Object.hasOwn(after.definitions, name));
  return asText([
    ...Object.entries(after.definitions)
      .filter(([name]) => !Object.hasOwn(before.definitions, name))
      .map(([, definition]) => lines.addDefinition(definition)),
    ...[...after.affinitySets]
      .filter(([name]) => !before.affinitySets.has(name))
      .map(([name, seconds]) => lines.addAffinitySet(name, seconds)),
    ...changed.map(([name, chain]) => lines.addChain(name, chain)),
    ...changed.flatMap(([name, chain]) => [
      ...(before.chains.has(name) ? [lines.flushChain(name)] : []),
      ...lines.addRules(name, chain),
    ]),
    ...[...after.maps].flatMap(([name, entries]) =>
      lines.changeEntries(name, before.maps.get(name) ?? new Map(), entries),
    ),
    ...lines.removeChains([...before.chains.keys()].filter((name) => !after.chains.has(name))),
    ...lines.removeSets([
      ...[...before.affinitySets.keys()].filter((name) => !after.affinitySets.has(name)),
      ...goneSets,
    ]),
  ]);
}

/** The whole program over whatever is there. Sets that the kernel fills keep their contents. */
export function computeTakeover(existing: ExistingTable | undefined, program: NftProgram): string {
  const lines = new Lines(program.table);
  const stale = (existing?.chains ?? []).filter((name) => !program.chains.has(name));
  const keptSets = new Set(existing?.sets ?? []);
  const staleSets = [...keptSets].filter(
    (name) => !program.affinitySets.has(name) && !Object.hasOwn(program.definitions, name),
  );
  return asText([
    ...lines.emptyTable(),
    ...Object.values(program.definitions).map((definition) => lines.addDefinition(definition)),
    ...Object.entries(program.definitions).map(([name, definition]) => lines.flushMap(name, definition)),
    ...[...program.affinitySets]
      .filter(([name]) => !keptSets.has(name))
      .map(([name, seconds]) => lines.addAffinitySet(name, seconds)),
    ...[...program.chains].map(([name, chain]) => lines.addChain(name, chain)),
    ...[...program.chains].flatMap(([name, chain]) => lines.addRules(name, chain)),
    ...[...program.maps].flatMap(([name, entries]) => lines.changeEntries(name, new Map(), entries)),
    ...lines.removeChains(stale),
    ...lines.removeSets(staleSets),
  ]);
}

function isSameChain(before: NftChain | undefined, after: NftChain): boolean {
  return (
    before !== undefined &&
    before.definition === after.definition &&
    before.rules.length === after.rules.length &&
    before.rules.every((rule, i) => rule === after.rules[i])
  );
}

const asText = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`);

/** Commands on one table, in nft's words. */
class Lines {
  readonly #table: string;

  constructor(table: string) {
    this.#table = `ip ${table}`;
  }

  emptyTable(): string[] {
    return [`add table ${this.#table}`, `flush table ${this.#table}`];
  }

  addAffinitySet(name: string, seconds: number): string {
    return this.addDefinition(`set ${name} { type ipv4_addr; flags dynamic, timeout; timeout ${seconds}s; }`);
  }

  /** `map services {…}` → `add map ip longshore services {…}` */
  addDefinition(definition: string): string {
    const [kind = '', ...rest] = definition.split(' ');
    return `add ${kind} ${this.#table} ${rest.join(' ')}`;
  }

  flushMap(name: string, definition: string): string {
    return `flush ${definition.split(' ')[0]} ${this.#table} ${name}`;
  }

  addChain(name: string, { definition }: NftChain): string {
    return `add chain ${this.#table} ${name}${definition === '' ? '' : ` { ${definition} }`}`;
  }

  flushChain(name: string): string {
    return `flush chain ${this.#table} ${name}`;
  }

  addRules(name: string, { rules }: NftChain): string[] {
    return rules.map((rule) => `add rule ${this.#table} ${name} ${rule}`);
  }

  changeEntries(map: string, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
    const gone = [...before].filter(([key, value]) => after.get(key) !== value).map(([key]) => key);
    const come = [...after]
      .filter(([key, value]) => before.get(key) !== value)
      .map(([key, value]) => (value === '' ? key : `${key} : ${value}`));
    return [
      ...(gone.length > 0 ? [`delete element ${this.#table} ${map} { ${gone.join(', ')} }`] : []),
      ...(come.length > 0 ? [`add element ${this.#table} ${map} { ${come.join(', ')} }`] : []),
    ];
  }

  /** All are emptied before the first is removed: they may name each other. */
  removeChains(names: readonly string[]): string[] {
    return [
      ...names.map((name) => this.flushChain(name)),
      ...names.map((name) => `delete chain ${this.#table} ${name}`),
    ];
  }

  removeSets(names: readonly string[]): string[] {
    return names.map((name) => `delete set ${this.#table} ${name}`);
  }
}
