/**
 * What a schema asks of values, compiled: types, bounds, patterns, formats, junctors. The structure of a schema and its
 * junctors are alike here; what upstream asks of both, kube-openapi's validator does.
 */

import { formatCheck } from './formats.ts';
import { isSchema, type JsonSchema } from './json-schema.ts';

export interface ValueSchema {
  readonly types: readonly string[];
  readonly isNullable: boolean;
  /** Empty where nothing checks it. */
  readonly format: string;
  /** Of texts. */
  readonly hasFormat: ((text: string) => boolean) | undefined;
  readonly enum: readonly unknown[] | undefined;
  readonly text: TextRules | undefined;
  readonly number: NumberRules | undefined;
  readonly list: ListRules;
  readonly object: ObjectRules;
  readonly junctors: Junctors | undefined;
}

export interface TextRules {
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly pattern: string;
}

export interface NumberRules {
  readonly multipleOf: number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly exclusiveMinimum: boolean;
  readonly exclusiveMaximum: boolean;
  /** The one type that numbers have here; empty: any, or one of several. */
  readonly type: '' | 'integer' | 'number';
  readonly format: string;
}

export interface ListRules {
  readonly items: ValueSchema | undefined;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
}

export interface ObjectRules {
  readonly properties: ReadonlyMap<string, ValueSchema>;
  readonly additional: ValueSchema | 'forbidden' | undefined;
  readonly required: readonly string[];
  readonly minProperties: number | undefined;
  readonly maxProperties: number | undefined;
}

export interface Junctors {
  readonly allOf: readonly ValueSchema[];
  readonly anyOf: readonly ValueSchema[];
  readonly oneOf: readonly ValueSchema[];
  readonly not: ValueSchema | undefined;
}

export function compileValueSchema(schema: JsonSchema): ValueSchema {
  const types = typesOf(schema);
  const format = supportedFormat(schema, types);
  return {
    types,
    isNullable: schema.nullable === true,
    format,
    hasFormat: formatCheck(format),
    enum: schema.enum !== undefined && schema.enum !== null && schema.enum.length > 0 ? schema.enum : undefined,
    text: textRules(schema),
    number: numberRules(schema, types, format),
    list: {
      items: isSchema(schema.items) ? compileValueSchema(schema.items) : undefined,
      minItems: schema.minItems,
      maxItems: schema.maxItems,
    },
    object: objectRules(schema),
    junctors: junctorsOf(schema),
  };
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
}

/** Formats that nothing checks are as good as none. */
function supportedFormat({ format = '' }: JsonSchema, types: readonly string[]): string {
  const type = types.length === 1 ? types[0] : '';
  switch (type) {
    case '':
    case 'string':
      return formatCheck(format) === undefined ? '' : format;
    case 'integer':
      return format === 'int32' || format === 'int64' ? format : '';
    case 'number':
      return format === 'float' || format === 'double' ? format : '';
    default:
      return '';
  }
}

function textRules({ minLength, maxLength, pattern = '' }: JsonSchema): TextRules | undefined {
  if (minLength === undefined && maxLength === undefined && pattern === '') return undefined;
  return { minLength, maxLength, pattern };
}

function numberRules(schema: JsonSchema, types: readonly string[], format: string): NumberRules | undefined {
  const { multipleOf, minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false } = schema;
  const [first = ''] = types;
  const type = types.length === 1 && (first === 'integer' || first === 'number') ? first : '';
  const isBounded = multipleOf !== undefined || minimum !== undefined || maximum !== undefined;
  if (!isBounded && type === '') return undefined;
  return {
    multipleOf,
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    type,
    format: type === '' ? '' : format,
  };
}

function objectRules(schema: JsonSchema): ObjectRules {
  const { additionalProperties, minProperties, maxProperties } = schema;
  const properties = Object.entries(schema.properties ?? {});
  return {
    properties: new Map(properties.map(([name, child]) => [name, compileValueSchema(child)])),
    additional: additionalOf(additionalProperties),
    required: schema.required ?? [],
    minProperties,
    maxProperties,
  };
}

function additionalOf(additional: JsonSchema['additionalProperties']): ObjectRules['additional'] {
  if (additional === false) return 'forbidden';
  return isSchema(additional) ? compileValueSchema(additional) : undefined;
}

function junctorsOf(schema: JsonSchema): Junctors | undefined {
  const { allOf, anyOf, oneOf, not } = schema;
  if (!allOf?.length && !anyOf?.length && !oneOf?.length && !not) return undefined;
  const compileAll = (schemas: readonly JsonSchema[] | undefined) => (schemas ?? []).map(compileValueSchema);
  return {
    allOf: compileAll(allOf),
    anyOf: compileAll(anyOf),
    oneOf: compileAll(oneOf),
    not: not ? compileValueSchema(not) : undefined,
  };
}
