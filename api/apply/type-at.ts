/** How server-side apply sees a place in an object: one value, or a map or list whose parts have owners of their own. */

import { isRecord } from '../patch/record.ts';
import type { Field, ListSchema, ObjectSchema, Schema } from '../schema/schema.ts';
import { shapeOf } from '../schema/shape.ts';

export type Place = { readonly kind: 'leaf' } | MapPlace | { readonly kind: 'list'; readonly schema: ListSchema };

export interface MapPlace {
  readonly kind: 'map';
  /** A struct, whose members are fields, not just keys. */
  readonly named: boolean;
  member(key: string): Schema | undefined;
  /** The member's value as the store writes it: an empty list or map shows as null or not at all. */
  written(key: string, value: unknown): unknown;
}

const asIs = (_: string, value: unknown): unknown => value;
const leaf: Place = { kind: 'leaf' };
const rawSchema: Schema = { type: 'raw' };
const rawMap: Place = { kind: 'map', named: false, member: () => rawSchema, written: asIs };
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
      return {
        kind: 'map',
        named: true,
        member: (key) => schema.fields.get(key)?.schema,
        written: (key, value) => (isEmptyCollection(schema.fields.get(key), value) ? emptyFormOf(schema, key) : value),
      };
    case 'map':
      return schema.atomic ? leaf : { kind: 'map', named: false, member: () => schema.values, written: asIs };
    case 'list':
      return schema.listType === 'atomic' ? leaf : { kind: 'list', schema };
    default:
      return leaf;
  }
}

function isEmptyCollection(field: Field | undefined, value: unknown): boolean {
  if (field?.schema.type === 'list') return Array.isArray(value) && value.length === 0;
  return field?.schema.type === 'map' && isRecord(value) && Object.keys(value).length === 0;
}

function emptyFormOf({ definition }: ObjectSchema, key: string): null | undefined {
  return shapeOf(definition).fields.get(key)?.zero === undefined ? undefined : null;
}
