/** Which functions an environment has: the base, and what single users add. */

import type { Library } from '../environment.ts';
import { addresses } from './addresses.ts';
import { authorizers } from './authorizers.ts';
import { conversions } from './conversions.ts';
import { type Declarations, type FunctionTable, functionTable } from './function-table.ts';
import { jsonPatches } from './json-patches.ts';
import { listExtensions } from './list-extensions.ts';
import { lists } from './lists.ts';
import { namedFormats } from './named-formats.ts';
import { operators } from './operators.ts';
import { mapBuilding, optionals } from './optionals.ts';
import { quantities } from './quantities.ts';
import { regularExpressions } from './regular-expressions.ts';
import { strings } from './strings.ts';
import { urls } from './urls.ts';
import { versions } from './versions.ts';

const base: readonly Declarations[] = [
  operators,
  conversions,
  strings,
  optionals,
  mapBuilding,
  lists,
  listExtensions,
  regularExpressions,
  urls,
  addresses,
  quantities,
  versions,
  namedFormats,
];
const added: Readonly<Record<Library, Declarations>> = { authorizer: authorizers, mutation: jsonPatches };

const known = new Map<string, FunctionTable>();

/** One table for all environments with the same libraries. */
export function functionsOf(libraries: readonly Library[]): FunctionTable {
  const key = [...libraries].sort().join();
  let table = known.get(key);
  if (table === undefined) {
    table = functionTable(...base, ...libraries.map((library) => added[library]));
    known.set(key, table);
  }
  return table;
}
