/** What identifies an item of a list whose items are owned one by one. */

import { isRecord, own } from '../patch/record.ts';
import type { ListSchema } from '../schema/schema.ts';
import { keysElement } from './field-set.ts';

/** Keys that an item may leave out. */
const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** The path element of an item; throws a text that says why it has none. */
export function elementOf(schema: ListSchema, item: unknown): string {
  if (schema.listType === 'set') {
    if (item === null) throw new ItemError('associative list without keys has an element that is null');
    if (typeof item === 'object') throw new ItemError("associative list without keys has an element that's a map type");
    return `v:${JSON.stringify(item)}`;
  }
  if (item === null) throw new ItemError('associative list with keys may not have null element');
  if (!isRecord(item)) throw new ItemError('associative list with keys may not have non-map elements');
  return keysElement(schema.keys.map((key) => [key, keyOf(item, key)]));
}

function keyOf(item: Record<string, unknown>, key: string): unknown {
  const value = own(item, key) ?? keyDefaults[key];
  if (value !== undefined) return value;
  throw new ItemError(
    `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`,
  );
}

export class ItemError extends Error {
  override readonly name = 'ItemError';
}

/** The items by element, in the order of the list; items without identity are left out. */
export function itemsByElement(schema: ListSchema, list: readonly unknown[]): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = elementOrNothing(schema, item);
    if (element === undefined) continue;
    const same = items.get(element);
    if (same === undefined) items.set(element, [item]);
    else same.push(item);
  }
  return items;
}

export function elementOrNothing(schema: ListSchema, item: unknown): string | undefined {
  try {
    return elementOf(schema, item);
  } catch (error) {
    if (error instanceof ItemError) return undefined;
    throw error;
  }
}
