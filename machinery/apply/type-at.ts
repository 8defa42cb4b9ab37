/** How server-side apply sees a place in an object: one value, or a map or list whose parts have owners of their own. */

import { isRecord } from '../../api/json-record.ts';
import { isZero } from '../schema/decode.ts';
import { type Field, isPublished, type ListSchema, type ObjectSchema, type Schema } from '../schema/schema.ts';
import { shapeOf } from '../schema/shape.ts';

export type Place = { readonly kind: 'leaf' } | MapPlace | { readonly kind: 'list'; readonly schema: ListSchema };

export interface MapPlace {
  readonly kind: 'map';
  /** Undefined: the schema does not have it. */
  member(key: string): Member | undefined;
}

export interface Member {
  /** A field of a struct, not just a key. */
  readonly isNamed: boolean;
  readonly schema: Schema;
  /** Its element of a path: `f:spec`. */
  readonly element: string;
  /** The value as the store writes it: an empty list or map shows as null or not at all, a zero may not show. */
  written(value: unknown): unknown;
}

const asIs = (value: unknown): unknown => value;
const leaf: Place = { kind: 'leaf' };
const rawSchema: Schema = { type: 'raw' };
const rawMap: Place = { kind: 'map', member: (key) => memberOf(rawSchema, key) };
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
      return { kind: 'map', member: membersOf(schema) };
    case 'map':
      return schema.atomic ? leaf : { kind: 'map', member: (key) => memberOf(schema.values, key) };
    case 'list':
      return schema.listType === 'atomic' ? leaf : { kind: 'list', schema };
    default:
      return leaf;
  }
}

const memberOf = (schema: Schema, key: string): Member => ({
  isNamed: false,
  schema,
  element: `f:${key}`,
  written: asIs,
});

/** The members of a struct, each made once: every write compares all that its object has. */
function membersOf(schema: ObjectSchema): MapPlace['member'] {
  const members = new Map<string, Member>();
  return (key) => {
    let member = members.get(key);
    const field = member === undefined ? schema.fields.get(key) : undefined;
    if (field !== undefined) {
      member = { ...memberOf(field.schema, key), isNamed: true, written: writtenForm(schema, field) };
      members.set(key, member);
    }
    // There is no end of names that nobody knows: these are not remembered.
    if (member === undefined && schema.isOpen) return memberOf(rawSchema, key);
    return member;
  };
}

/** Where an object keeps what its schema does not name, that may be anything. Undefined: it has no such member. */
export const memberSchemaOf = ({ fields, isOpen }: ObjectSchema, key: string): Schema | undefined =>
  fields.get(key)?.schema ?? (isOpen ? rawSchema : undefined);

function writtenForm(owner: ObjectSchema, { name, schema }: Field): Member['written'] {
  if (!isPublished(owner.definition)) return asIs;
  switch (schema.type) {
    case 'list':
      return (value) => (Array.isArray(value) && value.length === 0 ? emptyFormOf(owner, name) : value);
    case 'map':
      return (value) => (isRecord(value) && Object.keys(value).length === 0 ? emptyFormOf(owner, name) : value);
    default:
      return isScalar(schema) ? (value) => (isZero(value) && dropsZero(owner, name) ? undefined : value) : asIs;
  }
}

const isScalar = ({ type }: Schema): boolean =>
  type === 'string' || type === 'boolean' || type === 'int32' || type === 'int64' || type === 'double';

const dropsZero = (owner: ObjectSchema, key: string): boolean => shapeOf(owner).fields.get(key)?.dropsZero ?? false;

function emptyFormOf(owner: ObjectSchema, key: string): null | undefined {
  return shapeOf(owner).fields.get(key)?.zero === undefined ? undefined : null;
}
