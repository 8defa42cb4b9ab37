/** The type of what a published definition describes: a Pod, a container. Definitions refer to each other in circles. */

import { type ObjectSchema, objectSchemaOf, type Schema, type SchemaOrName } from '../../schema/schema.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  type FieldType,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
} from './cel-type.ts';
import { escapeProperty } from './property-names.ts';

/** Kept as long as its schema is. */
const known = new WeakMap<ObjectSchema, ObjectType>();

export function definitionType(definition: SchemaOrName): ObjectType {
  const schema = objectSchemaOf(definition);
  let type = known.get(schema);
  if (type === undefined) {
    type = new DefinedType(schema);
    known.set(schema, type);
  }
  return type;
}

class DefinedType implements ObjectType {
  readonly kind = 'object';
  readonly name: string;
  readonly #schema: ObjectSchema;
  #fields: ReadonlyMap<string, FieldType> | undefined;

  constructor(schema: ObjectSchema) {
    this.name = schema.definition;
    this.#schema = schema;
  }

  get fields(): ReadonlyMap<string, FieldType> {
    this.#fields ??= new Map(
      [...this.#schema.fields.values()].flatMap(({ name, schema }) => {
        const escaped = escapeProperty(name);
        return escaped === undefined ? [] : [[escaped, { type: typeOf(schema), property: name }] as const];
      }),
    );
    return this.#fields;
  }
}

function typeOf(schema: Schema): CelType {
  switch (schema.type) {
    case 'object':
      return definitionType(schema);
    case 'list':
      return listOf(typeOf(schema.items));
    case 'map':
      return mapOf(stringType, typeOf(schema.values));
    case 'string':
    case 'quantity':
      return stringType;
    case 'boolean':
      return boolType;
    case 'int32':
    case 'int64':
      return intType;
    case 'double':
      return doubleType;
    case 'bytes':
      return bytesType;
    case 'time':
    case 'micro-time':
      return timestampType;
    default:
      return dynType;
  }
}
