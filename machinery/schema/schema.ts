/**
 * The schema: what every definition of the API looks like, as a typed view of `api/facts/kubernetes-openapi.json`.
 * Decoding, patching, applying and OpenAPI all read it; it validates nothing by itself. Definitions are looked up
 * when first asked for, so that a component which uses three kinds does not pay for ninety.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import type { JsonPlaces } from '../json/json-places.ts';

/** What an object has to look like: a schema, or the name of a published definition, e.g. `io.k8s.api.core.v1.PodSpec`. */
export type SchemaOrName = ObjectSchema | string;

/** What a place in an object may hold. References to definitions are followed by `fields` on first use. */
export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema;

/** A struct: known fields. */
export interface ObjectSchema {
  readonly type: 'object';
  /** Its definition, e.g. `io.k8s.api.core.v1.ServiceSpec`. */
  readonly definition: string;
  /** As Go names it in errors: `v1.ServiceSpec`. */
  readonly goType: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Owned and replaced as a whole by server-side apply. */
  readonly atomic: boolean;
  /** What it was made of: what OpenAPI documents say of it. */
  readonly fact: FactSchema;
  /** How its values are read where no struct of Go's says it: those of custom resources. */
  readonly reader?: ObjectReader;
  /** Members that `fields` does not have are kept, whatever they are. Default false. */
  readonly isOpen?: boolean;
}

/** What `decode` (`decode.ts`) does with a value of the schema. Throws `DecodeError`; does not change the value. */
export type ObjectReader = (value: unknown, places: JsonPlaces | undefined) => Decoded;

export interface Decoded {
  readonly object: Record<string, unknown>;
  /**
   * What strict decoding refuses, in the order of the text: `unknown field "spec.containers[0].bogus"`, and where
   * `places` were given `duplicate field "spec.hostname"`.
   */
  readonly strictErrors: readonly string[];
}

export interface MapSchema {
  readonly type: 'map';
  readonly values: Schema;
  readonly atomic: boolean;
}

export interface ListSchema {
  readonly type: 'list';
  readonly items: Schema;
  readonly listType: 'atomic' | 'set' | 'map';
  /** What identifies an item of a list of type `map`. */
  readonly keys: readonly string[];
}

/** `raw`: any JSON value, kept as it is. `bytes`: base64. */
export interface ScalarSchema {
  readonly type:
    | 'string'
    | 'boolean'
    | 'int32'
    | 'int64'
    | 'double'
    | 'bytes'
    | 'quantity'
    | 'int-or-string'
    | 'time'
    | 'micro-time'
    | 'raw';
  /** Of a raw value: it is a JSON schema, or this instead. */
  readonly schemaOr?: 'list' | 'boolean' | 'names';
}

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  /** Strategic merge patch: `merge`, `replace`, `retainKeys`. */
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey: string | undefined;
}

/** One definition or inline schema, as OpenAPI writes it; `$ref` is the name of a published definition. */
export interface FactSchema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  /** Group, version and kind of what stands alone. */
  readonly gvk?: readonly [string, string, string];
  readonly properties?: Readonly<Record<string, FactSchema>>;
  readonly required?: readonly string[];
  readonly items?: FactSchema;
  readonly additionalProperties?: FactSchema;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
}

export interface OpenApiFacts {
  readonly definitions: Readonly<Record<string, FactSchema>>;
  readonly paths: Readonly<
    Record<string, { readonly gvk: readonly [string, string, string]; readonly actions: readonly string[] }>
  >;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Definitions that are one value on the wire, whatever the facts say of their shape. */
const scalars: Readonly<Record<string, ScalarSchema['type']>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
  [`${meta}.Time`]: 'time',
  [`${meta}.MicroTime`]: 'micro-time',
  [`${meta}.FieldsV1`]: 'raw',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'raw',
  [`${crd}.JSON`]: 'raw',
};

/** JSON schemas, or something simpler in their place. */
const schemasOr: Readonly<Record<string, NonNullable<ScalarSchema['schemaOr']>>> = {
  [`${crd}.JSONSchemaPropsOrArray`]: 'list',
  [`${crd}.JSONSchemaPropsOrBool`]: 'boolean',
  [`${crd}.JSONSchemaPropsOrStringArray`]: 'names',
};
export const jsonSchemaDefinition = `${crd}.JSONSchemaProps`;

const rawSchema: ScalarSchema = { type: 'raw' };
const known = new Map<string, Schema>();
let facts: OpenApiFacts | undefined;

/** The facts themselves, read once. */
export function openApiFacts(): OpenApiFacts {
  facts ??= readFacts();
  return facts;
}

/** The file is ours. */
const readFacts = (): OpenApiFacts =>
  JSON.parse(readFileSync(join(packageRoot, 'api/facts/kubernetes-openapi.json'), 'utf8')) as OpenApiFacts;

/** The schema of a definition; a definition that the facts do not have is an object with metadata and anything else. */
export function schemaOf(definition: string): Schema {
  let schema = known.get(definition);
  if (schema === undefined) {
    schema = buildDefinition(definition);
    known.set(definition, schema);
  }
  return schema;
}

/** The same for what is always an object: a top-level kind, a spec. A schema is its own. */
export function objectSchemaOf(definition: SchemaOrName): ObjectSchema {
  if (typeof definition !== 'string') return definition;
  const schema = schemaOf(definition);
  if (schema.type !== 'object') throw new Error(`${definition} is not an object`);
  return schema;
}

/** Whether the facts have the definition: Go's rules about what is empty are known only of those. */
export const isPublished = (definition: string): boolean => Object.hasOwn(openApiFacts().definitions, definition);

/**
 * A schema that nobody has published: of a kind that comes while the server runs. `definition` names it in documents
 * and must not be that of a published one; what it has inside is in `fact`, or published.
 */
export function defineSchema(definition: string, fact: FactSchema): ObjectSchema {
  return new Struct(definition, fact);
}

/** `io.k8s.api.core.v1.ServiceSpec` → `v1.ServiceSpec`. */
function goTypeOf(definition: string): string {
  return definition.split('.').slice(-2).join('.');
}

function buildDefinition(definition: string): Schema {
  const scalar = scalars[definition];
  if (scalar) return { type: scalar };
  const schemaOr = schemasOr[definition];
  if (schemaOr) return { type: 'raw', schemaOr };
  const fact = openApiFacts().definitions[definition] ?? openDefinition;
  return new Struct(definition, fact);
}

/** For kinds whose definition nobody has written down. */
const openDefinition: FactSchema = {
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { $ref: `${meta}.ObjectMeta` },
    spec: { $ref: 'io.k8s.apimachinery.pkg.runtime.RawExtension' },
    status: { $ref: 'io.k8s.apimachinery.pkg.runtime.RawExtension' },
  },
};

/** Builds its fields when they are first read: definitions refer to each other in circles. */
class Struct implements ObjectSchema {
  readonly type = 'object';
  readonly definition: string;
  readonly goType: string;
  readonly atomic: boolean;
  readonly fact: FactSchema;
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(definition: string, fact: FactSchema) {
    this.definition = definition;
    this.goType = goTypeOf(definition);
    this.atomic = fact['x-kubernetes-map-type'] === 'atomic';
    this.fact = fact;
  }

  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= new Map(
      Object.entries(this.fact.properties ?? {}).map(([name, fact]) => [name, this.#buildField(name, fact)]),
    );
    return this.#fields;
  }

  #buildField(name: string, fact: FactSchema): Field {
    return buildField(this.fact, name, fact, `${this.definition}.${name}`);
  }
}

/** `inner` names what has a shape of its own inside the field. */
function buildField(owner: FactSchema, name: string, fact: FactSchema, inner: string): Field {
  const strategies = fact['x-kubernetes-patch-strategy']?.split(',') ?? [];
  return {
    name,
    schema: buildSchema(fact, inner),
    required: owner.required?.includes(name) ?? false,
    patchStrategies: strategies,
    patchMergeKey: fact['x-kubernetes-patch-merge-key'],
  };
}

function buildSchema(fact: FactSchema, inner: string): Schema {
  if (fact.$ref !== undefined) return withMapType(schemaOf(fact.$ref), fact);
  if (fact.type === 'array') {
    return {
      type: 'list',
      items: fact.items ? buildSchema(fact.items, inner) : rawSchema,
      listType: fact['x-kubernetes-list-type'] ?? 'atomic',
      keys: fact['x-kubernetes-list-map-keys'] ?? [],
    };
  }
  if (fact.type === 'object') {
    if (fact.properties) return new Struct(inner, fact);
    if (!fact.additionalProperties) return rawSchema;
    return {
      type: 'map',
      values: buildSchema(fact.additionalProperties, inner),
      atomic: fact['x-kubernetes-map-type'] === 'atomic',
    };
  }
  return { type: scalarType(fact) };
}

/** A field may be atomic although its definition is not (or granular although it is). */
function withMapType(schema: Schema, fact: FactSchema): Schema {
  const mapType = fact['x-kubernetes-map-type'];
  if (mapType === undefined || schema.type !== 'object' || schema.atomic === (mapType === 'atomic')) return schema;
  return {
    type: 'object',
    definition: schema.definition,
    goType: schema.goType,
    atomic: mapType === 'atomic',
    fact: schema.fact,
    get fields() {
      return schema.fields;
    },
  };
}

function scalarType({ type, format }: FactSchema): ScalarSchema['type'] {
  switch (type) {
    case 'string':
      return format === 'byte' ? 'bytes' : 'string';
    case 'boolean':
      return 'boolean';
    case 'integer':
      return format === 'int64' ? 'int64' : 'int32';
    case 'number':
      return 'double';
    default:
      return 'raw';
  }
}
