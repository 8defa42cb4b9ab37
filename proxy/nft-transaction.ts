/**
 * The difference between two programs as one transaction for `nft -f -`. Pure. Within it things are made before they
 * are named and removed after nothing names them: sets, chains, rules, entries, then the same backwards.
 */

import { mapDefinitions, type NftChain, type NftProgram, tableName } from './nft-program.ts';

/** What was found in the kernel: names only. */
export interface ExistingTable {
  readonly chains: readonly string[];
  readonly affinitySets: readonly string[];
}

const table = `ip ${tableName}`;

/** From `before` to `after`; empty when they are the same. */
export function computeChanges(before: NftProgram, after: NftProgram): string {
  const changed = [...after.chains].filter(([name, chain]) => !isSameChain(before.chains.get(name), chain));
  const lines = [
    ...addSets(before, after),
    ...changed.map(([name, chain]) => addChain(name, chain)),
    ...changed.flatMap(([name, chain]) => [
      ...(before.chains.has(name) ? [`flush chain ${table} ${name}`] : []),
      ...addRules(name, chain),
    ]),
    ...[...after.maps].flatMap(([name, entries]) => changeEntries(name, before.maps.get(name) ?? new Map(), entries)),
    ...removeChains([...before.chains.keys()].filter((name) => !after.chains.has(name))),
    ...removeSets([...before.affinitySets.keys()].filter((name) => !after.affinitySets.has(name))),
  ];
  return asText(lines);
}

/** The whole program over whatever is there. Sets that the kernel fills keep their contents. */
export function computeTakeover(existing: ExistingTable | undefined, program: NftProgram): string {
  const stale = (existing?.chains ?? []).filter((name) => !program.chains.has(name));
  const staleSets = (existing?.affinitySets ?? []).filter((name) => !program.affinitySets.has(name));
  const keptSets = new Set(existing?.affinitySets ?? []);
  const lines = [
    `add table ${table}`,
    `flush table ${table}`,
    ...Object.values(mapDefinitions).map((definition) => addDefinition(definition)),
    ...Object.entries(mapDefinitions).map(([name, definition]) => `flush ${definition.split(' ')[0]} ${table} ${name}`),
    ...[...program.affinitySets]
      .filter(([name]) => !keptSets.has(name))
      .map(([name, seconds]) => addAffinitySet(name, seconds)),
    ...[...program.chains].map(([name, chain]) => addChain(name, chain)),
    ...[...program.chains].flatMap(([name, chain]) => addRules(name, chain)),
    ...[...program.maps].flatMap(([name, entries]) => changeEntries(name, new Map(), entries)),
    ...removeChains(stale),
    ...removeSets(staleSets),
  ];
  return asText(lines);
}

function isSameChain(before: NftChain | undefined, after: NftChain): boolean {
  return (
    before !== undefined &&
    before.definition === after.definition &&
    before.rules.length === after.rules.length &&
    before.rules.every((rule, i) => rule === after.rules[i])
  );
}

function addSets(before: NftProgram, after: NftProgram): string[] {
  const lines: string[] = [];
  for (const [name, seconds] of after.affinitySets) {
    const known = before.affinitySets.get(name);
    if (known === undefined) lines.push(addAffinitySet(name, seconds));
  }
  return lines;
}

function addAffinitySet(name: string, seconds: number): string {
  return addDefinition(`set ${name} { type ipv4_addr; flags dynamic, timeout; timeout ${seconds}s; }`);
}

/** `map services {…}` → `add map ip longshore services {…}` */
function addDefinition(definition: string): string {
  const [kind = '', ...rest] = definition.split(' ');
  return `add ${kind} ${table} ${rest.join(' ')}`;
}

function addChain(name: string, { definition }: NftChain): string {
  return `add chain ${table} ${name}${definition === '' ? '' : ` { ${definition} }`}`;
}

function addRules(name: string, { rules }: NftChain): string[] {
  return rules.map((rule) => `add rule ${table} ${name} ${rule}`);
}

function changeEntries(map: string, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const gone = [...before].filter(([key, value]) => after.get(key) !== value).map(([key]) => key);
  const come = [...after]
    .filter(([key, value]) => before.get(key) !== value)
    .map(([key, value]) => (value === '' ? key : `${key} : ${value}`));
  return [
    ...(gone.length > 0 ? [`delete element ${table} ${map} { ${gone.join(', ')} }`] : []),
    ...(come.length > 0 ? [`add element ${table} ${map} { ${come.join(', ')} }`] : []),
  ];
}

/** All are emptied before the first is removed: they may name each other. */
function removeChains(names: readonly string[]): string[] {
  return [
    ...names.map((name) => `flush chain ${table} ${name}`),
    ...names.map((name) => `delete chain ${table} ${name}`),
  ];
}

function removeSets(names: readonly string[]): string[] {
  return names.map((name) => `delete set ${table} ${name}`);
}

const asText = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`);
