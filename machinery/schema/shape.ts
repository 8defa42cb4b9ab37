/**
 * A definition as Go sees it, made once per definition from the schema and `go-facts.ts`: for each field, whether it
 * is shown when empty and as what. Decoding and encoding walk shapes, not schemas.
 */

import { isAlwaysShown, isPlainScalar, isPointerString, isRequiredPointer, namedTypeOf } from './go-facts.ts';
import {
  type Field,
  isPublished,
  type ObjectSchema,
  objectSchemaOf,
  type ScalarSchema,
  type Schema,
  type SchemaOrName,
} from './schema.ts';

export type Shape = StructShape | MapShape | ListShape | ScalarShape;

export interface StructShape {
  readonly type: 'struct';
  /** Its definition in the OpenAPI facts. */
  readonly definition: string;
  /** `v1.ServiceSpec` */
  readonly goType: string;
  readonly fields: ReadonlyMap<string, FieldShape>;
  /** Those that are there whatever was sent. */
  readonly shown: readonly FieldShape[];
}

export interface MapShape {
  readonly type: 'map';
  readonly goType: string;
  readonly values: Shape;
}

export interface ListShape {
  readonly type: 'list';
  readonly goType: string;
  readonly items: Shape;
}

export interface ScalarShape {
  readonly type: 'scalar';
  readonly scalar: ScalarSchema['type'];
  readonly goType: string;
  readonly schemaOr?: ScalarSchema['schemaOr'];
}

export interface FieldShape {
  readonly name: string;
  /** The struct it belongs to, without its package: `ServiceSpec`. */
  readonly owner: string;
  readonly shape: Shape;
  /** Dropped when it holds its type's zero value. */
  readonly dropsZero: boolean;
  /** What stands there when nothing was sent; undefined: nothing. */
  readonly zero: (() => unknown) | undefined;
}

/** Kept for as long as its schema is: kinds come and go. */
const shapes = new WeakMap<ObjectSchema, StructShape>();

/** The shape of an object. */
export function shapeOf(schemaOrName: SchemaOrName): StructShape {
  const schema = objectSchemaOf(schemaOrName);
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = new LazyStruct(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

/** Fields are built when first asked for, as in the schema. */
class LazyStruct implements StructShape {
  readonly type = 'struct';
  readonly definition: string;
  readonly goType: string;
  readonly #schema: ObjectSchema;
  #fields: ReadonlyMap<string, FieldShape> | undefined;
  #shown: readonly FieldShape[] | undefined;

  constructor(schema: ObjectSchema) {
    this.definition = schema.definition;
    this.goType = schema.goType;
    this.#schema = schema;
  }

  get fields(): ReadonlyMap<string, FieldShape> {
    this.#fields ??= new Map(
      [...this.#schema.fields.values()].map((field) => [field.name, buildField(this.#schema, field)]),
    );
    return this.#fields;
  }

  get shown(): readonly FieldShape[] {
    this.#shown ??= [...this.fields.values()].filter((field) => field.zero !== undefined);
    return this.#shown;
  }
}

function buildField(owner: ObjectSchema, field: Field): FieldShape {
  return isPublished(owner.definition) ? buildGoField(owner, field) : buildPlainField(owner, field);
}

/** Of what has no struct in Go nothing is left out or filled in: only that there is metadata is certain. */
function buildPlainField(owner: ObjectSchema, { name, schema }: Field): FieldShape {
  const shape = buildShape(schema, undefined);
  return {
    name,
    owner: ownerOf(owner),
    shape,
    dropsZero: false,
    zero: name === 'metadata' && isTopLevelPart(owner, { name, schema }) ? zeroOf(shape, false) : undefined,
  };
}

/** Without its package: `ServiceSpec`. */
const ownerOf = ({ goType }: ObjectSchema): string => goType.slice(goType.indexOf('.') + 1);

function buildGoField(owner: ObjectSchema, field: Field): FieldShape {
  const { definition, goType } = owner;
  const shape = buildShape(field.schema, namedTypeOf(goType, field.name));
  const shown = field.required || isAlwaysShown(definition, field.name) || isTopLevelPart(owner, field);
  return {
    name: field.name,
    owner: ownerOf(owner),
    shape,
    dropsZero: !shown && dropsZero(definition, field),
    zero: shown ? zeroOf(shape, isPointer(definition, field)) : undefined,
  };
}

/** `metadata`, `spec` and `status` of a kind are structs by value. */
function isTopLevelPart(owner: ObjectSchema, { name, schema }: Pick<Field, 'name' | 'schema'>): boolean {
  if (!owner.fields.has('apiVersion') || !owner.fields.has('kind')) return false;
  return schema.type === 'object' && (name === 'metadata' || name === 'spec' || name === 'status');
}

function isPointer(definition: string, { name, schema }: Field): boolean {
  if (isRequiredPointer(definition, name)) return true;
  return schema.type === 'string' && isPointerString(definition, name) && name === 'apiGroup';
}

function dropsZero(definition: string, { name, schema }: Field): boolean {
  switch (schema.type) {
    case 'string':
      return !isPointerString(definition, name);
    case 'boolean':
    case 'int32':
    case 'int64':
    case 'double':
      return isPlainScalar(definition, name);
    case 'bytes':
    case 'map':
    case 'list':
      return true;
    default:
      return false;
  }
}

/** Go's zero value as it shows in JSON. Lists and maps are empty here, and `null` only on the wire (`encode.ts`). */
function zeroOf(shape: Shape, pointer: boolean): () => unknown {
  if (pointer) return () => null;
  switch (shape.type) {
    case 'struct':
      return () => zeroStruct(shape);
    case 'map':
      return () => ({});
    case 'list':
      return () => [];
    case 'scalar':
      return zeroOfScalar(shape.scalar);
  }
}

/** A struct nobody sent anything for. */
export function zeroStruct(shape: StructShape): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const field of shape.shown) object[field.name] = field.zero?.();
  return object;
}

function zeroOfScalar(scalar: ScalarSchema['type']): () => unknown {
  switch (scalar) {
    case 'string':
    case 'bytes':
      return () => '';
    case 'boolean':
      return () => false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'int-or-string':
      return () => 0;
    case 'quantity':
      return () => '0';
    case 'time':
    case 'micro-time':
    case 'raw':
      return () => null;
  }
}

/** The zero of a list's item or a map's value. */
export const zeroValue = (shape: Shape): unknown => zeroOf(shape, false)();

function buildShape(schema: Schema, goType: string | undefined): Shape {
  switch (schema.type) {
    case 'object':
      return shapeOf(schema);
    case 'map': {
      const values = buildShape(schema.values, undefined);
      const name = schema.values.type === 'quantity' ? 'v1.ResourceList' : `map[string]${values.goType}`;
      return { type: 'map', goType: goType ?? name, values };
    }
    case 'list': {
      const items = buildShape(schema.items, goType?.startsWith('[]') ? goType.slice(2) : undefined);
      return { type: 'list', goType: goType ?? `[]${items.goType}`, items };
    }
    default:
      return {
        type: 'scalar',
        scalar: schema.type,
        goType: goType ?? goScalars[schema.type],
        ...(schema.schemaOr && { schemaOr: schema.schemaOr }),
      };
  }
}

const goScalars: Readonly<Record<ScalarSchema['type'], string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  'int-or-string': 'intstr.IntOrString',
  time: 'v1.Time',
  'micro-time': 'v1.MicroTime',
  raw: 'runtime.RawExtension',
};
