/** How server-side apply sees a place in an object: one value, or a map or list whose parts have owners of their own. */

import { isRecord } from '../patch/record.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';

export type Place =
  | { readonly kind: 'leaf' }
  /** `named` tells the fields of a struct from the keys of a map. */
  | { readonly kind: 'map'; readonly named: boolean; member(key: string): Schema | undefined }
  | { readonly kind: 'list'; readonly schema: ListSchema };

const leaf: Place = { kind: 'leaf' };
const rawSchema: Schema = { type: 'raw' };
const rawMap: Place = { kind: 'map', named: false, member: () => rawSchema };
const places = new WeakMap<Schema, Place>();

/** The place that `schema` describes; where it allows anything, the values that stand there decide. */
export function placeOf(schema: Schema, value: unknown, other?: unknown): Place {
  if (schema.type === 'raw') return isRecord(value) || isRecord(other) ? rawMap : leaf;
  let place = places.get(schema);
  if (place === undefined) {
    place = buildPlace(schema);
    places.set(schema, place);
  }
  return place;
}

function buildPlace(schema: Schema): Place {
  switch (schema.type) {
    case 'object':
      if (schema.atomic) return leaf;
      return { kind: 'map', named: true, member: (key) => schema.fields.get(key)?.schema };
    case 'map':
      return schema.atomic ? leaf : { kind: 'map', named: false, member: () => schema.values };
    case 'list':
      return schema.listType === 'atomic' ? leaf : { kind: 'list', schema };
    default:
      return leaf;
  }
}
