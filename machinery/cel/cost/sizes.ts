/** How large values may be: by what is written, and by what a schema admits. */

import type { CostRange } from '../environment.ts';
import type { Expression } from '../syntax/expression.ts';
import { type CelType, optionalValueOf } from '../types/cel-type.ts';
import { Bytes } from '../values/value.ts';
import { range } from './ranges.ts';

/** Of the keys and values of a map, or the items of a list. */
export interface EntrySizes {
  readonly isList: boolean;
  readonly key: CostRange;
  readonly value: CostRange;
}

export const unionOfEntries = (
  a: EntrySizes | undefined,
  b: EntrySizes | undefined,
  union: (a: CostRange, b: CostRange) => CostRange,
): EntrySizes | undefined => a && b && { isList: a.isList, key: union(a.key, b.key), value: union(a.value, b.value) };

export function literalSizeOf(node: Expression): CostRange | undefined {
  if (node.kind === 'list') return range(node.items.length);
  if (node.kind === 'map') return range(node.entries.length);
  if (node.kind !== 'literal') return undefined;
  if (typeof node.value === 'string') return range([...node.value].length);
  return range(node.value instanceof Bytes ? node.value.value.length : 1);
}

/** By the type that a variable declares. Undefined where it says nothing; to upstream, an object of fields has no size. */
export function typeSizeOf(type: CelType): CostRange | undefined {
  if (type.kind === 'object') return range(0);
  return 'maxSize' in type && type.maxSize !== undefined ? range(0, type.maxSize) : undefined;
}

const scalars: readonly CelType['kind'][] = ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'];

/** Of what always is as large. */
export function scalarSizeOf(type: CelType): CostRange | undefined {
  const value = optionalValueOf(type);
  if (value !== undefined) return scalarSizeOf(value);
  return scalars.includes(type.kind) ? range(1) : undefined;
}

export function entryTypeOf(type: CelType): { readonly key?: CelType; readonly value: CelType } | undefined {
  if (type.kind === 'list') return { value: type.element };
  return type.kind === 'map' ? { key: type.key, value: type.value } : undefined;
}
