/** What identifies an item of a list whose items are owned one by one. */

import { isRecord, own } from '../../api/json-record.ts';
import type { ListSchema } from '../schema/schema.ts';
import { keysElement } from './field-set.ts';

/** What an item has that leaves this key out, where that is not the zero of its type. */
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
  return keysElement(schema.keys.map((key) => [key, own(item, key) ?? keyDefaults[key] ?? zeroOf(schema, key)]));
}

function zeroOf({ items }: ListSchema, key: string): string | number {
  const type = items.type === 'object' ? items.fields.get(key)?.schema.type : undefined;
  return type === 'int32' || type === 'int64' ? 0 : '';
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
