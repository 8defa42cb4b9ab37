/**
 * The type of what a structural schema describes. What the schema leaves open (unknown fields, items without a schema)
 * is not part of it: expressions cannot see it. Sizes bound what an expression may cost; where the schema says none,
 * it is as many as fit into the largest request.
 */

import { isRecord } from '../../../api/json-record.ts';
import {
  boolType,
  type CelType,
  doubleType,
  type FieldType,
  intType,
  type ListType,
  type ObjectType,
} from './cel-type.ts';
import { escapeProperty } from './property-names.ts';

/** The part of a JSON schema that types are made of. */
export interface TypedSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, TypedSchema>>;
  readonly additionalProperties?: TypedSchema | boolean;
  readonly items?: TypedSchema | readonly TypedSchema[];
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export interface SchemaTypeOptions {
  /** A whole object: it has `apiVersion`, `kind` and a name whether its schema says so or not. */
  readonly isResource?: boolean;
  /** Of the type, as messages name it. */
  readonly name?: string;
}

const maxRequestSize = 3 * 1024 * 1024;
/** In JSON, with quotes. */
const dateSize = 12;
const maxTimeSize = 32;
const smallest = { string: 2, number: 1, bool: 4, duration: 4, time: 21, container: 2 };

/** A type, and how short it is at least in JSON: as many of it fit into a request. */
interface Sized {
  readonly type: CelType;
  readonly minSize: number;
}

/** Undefined where expressions cannot see the value. */
export function schemaType(
  schema: TypedSchema,
  { isResource = false, name = 'selfType' }: SchemaTypeOptions = {},
): CelType | undefined {
  return sizedType(schema, isResource, name)?.type;
}

/** How short a value of the schema is at least in JSON: as many of them fit into a request. */
export function smallestSize(schema: TypedSchema, { isResource = false }: SchemaTypeOptions = {}): number | undefined {
  return sizedType(schema, isResource, '')?.minSize;
}

function sizedType(schema: TypedSchema, isResource: boolean, name: string): Sized | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return { type: { kind: 'dyn', maxSize: textSize(schema) }, minSize: smallest.number };
  switch (schema.type) {
    case 'array':
      return listType(schema, name);
    case 'object':
      return isRecord(schema.additionalProperties)
        ? mapType(schema, schema.additionalProperties, name)
        : objectType(isResource ? withMetadata(schema) : schema, name);
    case 'string':
      return textType(schema);
    case 'boolean':
      return { type: boolType, minSize: smallest.bool };
    case 'number':
      return { type: doubleType, minSize: smallest.number };
    case 'integer':
      return { type: intType, minSize: smallest.number };
    default:
      return undefined;
  }
}

const isEmbedded = (schema: TypedSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;

function listType(schema: TypedSchema, name: string): Sized | undefined {
  const { items, maxItems } = schema;
  if (items === undefined || !isSchema(items)) return undefined;
  const item = sizedType(items, isEmbedded(items), `${name}.@idx`);
  if (item === undefined) return undefined;
  const maxSize = maxItems ?? Math.floor((maxRequestSize - 2) / (item.minSize + 1));
  const identity = identityOf(schema);
  const type: ListType = {
    kind: 'list',
    element: item.type,
    maxSize: Math.max(0, maxSize),
    ...(identity !== undefined && { identity }),
  };
  return { type, minSize: smallest.container };
}

const isSchema = (items: TypedSchema | readonly TypedSchema[]): items is TypedSchema => !Array.isArray(items);

function identityOf(schema: TypedSchema): ListType['identity'] {
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'set') return 'set';
  if (kind !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return { keys: keys.map((key) => escapeProperty(key) ?? key) };
}

/**
 * No schema bounds keys. Upstream's estimate takes them as empty, and definitions in use rely on it: the Gateway API
 * matches the keys of annotations against a pattern.
 */
const keyType: CelType = { kind: 'string', maxSize: 0 };

function mapType({ maxProperties }: TypedSchema, values: TypedSchema, name: string): Sized | undefined {
  const value = sizedType(values, isEmbedded(values), `${name}.@elem`);
  if (value === undefined) return undefined;
  const maxSize = maxProperties ?? Math.floor((maxRequestSize - 2) / (value.minSize + 6));
  return {
    type: { kind: 'map', key: keyType, value: value.type, maxSize: Math.max(0, maxSize) },
    minSize: smallest.container,
  };
}

function objectType({ properties = {}, required = [] }: TypedSchema, name: string): Sized {
  const fields = new Map<string, FieldType>();
  let minSize = smallest.container;
  for (const [property, schema] of Object.entries(properties)) {
    const escaped = escapeProperty(property);
    const field = sizedType(schema, isEmbedded(schema), `${name}.${escaped ?? property}`);
    if (field === undefined) continue;
    if (escaped !== undefined) fields.set(escaped, { type: field.type, property });
    if (required.includes(property) && schema.default === undefined) minSize += property.length + field.minSize + 4;
  }
  const type: ObjectType = { kind: 'object', name, fields };
  return { type, minSize };
}

const text: TypedSchema = { type: 'string' };

function withMetadata(schema: TypedSchema): TypedSchema {
  const metadata: TypedSchema = { type: 'object', properties: { name: text, generateName: text } };
  return { ...schema, properties: { ...schema.properties, kind: text, apiVersion: text, metadata } };
}

function textType(schema: TypedSchema): Sized {
  switch (schema.format) {
    case 'byte':
      return {
        type: { kind: 'bytes', maxSize: Math.max(0, schema.maxLength ?? maxRequestSize - 2) },
        minSize: smallest.string,
      };
    case 'duration':
      return { type: { kind: 'duration', maxSize: maxTimeSize }, minSize: smallest.duration };
    case 'date':
      return { type: { kind: 'timestamp', maxSize: dateSize }, minSize: dateSize };
    case 'date-time':
      return { type: { kind: 'timestamp', maxSize: maxTimeSize }, minSize: smallest.time };
    default:
      return { type: { kind: 'string', maxSize: textSize(schema) }, minSize: smallest.string };
  }
}

/** In bytes: a character has four at most. */
function textSize({ maxLength, enum: values = [] }: TypedSchema): number {
  if (maxLength !== undefined) return Math.max(0, maxLength) * 4;
  if (values.length === 0) return maxRequestSize - 2;
  return Math.max(...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)));
}
