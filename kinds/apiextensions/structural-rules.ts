/**
 * What the schema of a custom resource must look like to be structural: every field has a type, outside of logical
 * junctors, and nothing is in it that could not be pruned, defaulted or validated in linear time.
 */

import { compareText } from '../../base/compare.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { childrenOf, isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { validateDefaults } from './default-rules.ts';
import { validateExpressions } from './expression-rules.ts';
import { validateValues } from './junctor-rules.ts';
import { type OpenApiOptions, validateOpenApi } from './openapi-rules.ts';

/** What a definition that was stored before there was a rule need not follow. */
export interface SchemaOptions extends OpenApiOptions {
  readonly allowsNonStructural: boolean;
  readonly allowsUnprunedDefaults: boolean;
  readonly allowsExpensiveRules: boolean;
}

export const newSchemaOptions: SchemaOptions = {
  allowsNonStructural: false,
  allowsOddTypes: false,
  allowsOddSets: false,
  allowsOddListItems: false,
  allowsUnprunedDefaults: false,
  allowsExpensiveRules: false,
};

/** Validates the schema of whole objects, at `path`. */
export function validateSchema(schema: JsonSchema, path: FieldPath, options: SchemaOptions, errors: FieldErrors): void {
  if (schema.nullable) errors.forbidden(path.child('nullable'), 'nullable cannot be true at the root');
  const before = errors.list.length;
  const problem = options.allowsNonStructural ? undefined : unsupportedField(schema);
  const isStructural =
    !options.allowsNonStructural && problem === undefined && validateStructural(schema, path, options, errors);
  const faulty = validateOpenApi(schema, path, options, errors);
  if (isStructural) validateExpressions(schema, path, { ...options, faulty }, errors);
  if (problem !== undefined && errors.list.length === before) errors.invalid(path, '', problem);
}

const unsupported = [
  'id',
  '$schema',
  '$ref',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
] as const;

/** What no structural schema can be made of, in the words of who tries. */
function unsupportedField(schema: JsonSchema): string | undefined {
  if (Array.isArray(schema.items) && schema.items.length > 0)
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  for (const field of unsupported) {
    const value = schema[field];
    const isEmpty = value === undefined || value === '' || (isSchema(value) && Object.keys(value).length === 0);
    if (!isEmpty) return `OpenAPIV3Schema '${field === '$schema' ? 'schema' : field}' is not supported`;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  for (const child of childrenOf(schema, FieldPath.root)) {
    const problem = unsupportedField(child.schema);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Whether it is, and its defaults are values of it. */
function validateStructural(schema: JsonSchema, path: FieldPath, options: SchemaOptions, errors: FieldErrors): boolean {
  const before = errors.list.length;
  for (const { reason, field, message } of structuralErrors(schema, path))
    errors.add(reason, FieldPath.of(field), message);
  if (errors.list.length === before) validateDefaults(schema, path, options, errors);
  return errors.list.length === before;
}

/** In the order of their texts, as upstream sorts these and no others. */
export function structuralErrors(schema: JsonSchema, path: FieldPath): FieldErrors['list'] {
  const errors = new FieldErrors();
  validateStructure(schema, 'root', path, errors);
  const textOf = ({ field, message }: FieldErrors['list'][number]) => `${field}: ${message}`;
  return errors.list.sort((a, b) => compareText(textOf(a), textOf(b)));
}

type Level = 'root' | 'field' | 'item';

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

function validateStructure(schema: JsonSchema, level: Level, path: FieldPath, errors: FieldErrors): void {
  const { items, properties = {}, additionalProperties } = schema;
  if (schema.type === 'array' && items === undefined) errors.required(path.child('items'), 'must be specified');
  if (isSchema(items)) validateStructure(items, 'item', path.child('items'), errors);
  for (const [name, property] of Object.entries(properties))
    validateStructure(property, 'field', path.child('properties').key(name), errors);
  const at = path.child('additionalProperties');
  if (additionalProperties !== undefined && level === 'root') errors.forbidden(at, 'must not be used at the root');
  if (isSchema(additionalProperties)) validateStructure(additionalProperties, 'field', at, errors);
  validateExtensions(schema, path, errors);
  validateValues(schema, path, errors);
  validateType(schema, level, path, errors);
  if (level === 'root' || schema['x-kubernetes-embedded-resource']) validateResource(schema, level, path, errors);
}

function validateExtensions(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (!schema['x-kubernetes-int-or-string']) return;
  const text = 'must be false if x-kubernetes-int-or-string is true';
  for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    if (schema[field]) errors.invalid(path.child(field), true, text);
}

function validateType(schema: JsonSchema, level: Level, path: FieldPath, errors: FieldErrors): void {
  const { type = '', 'x-kubernetes-embedded-resource': isEmbedded } = schema;
  const at = path.child('type');
  if (isEmbedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    if (type === '') errors.required(at, text);
    else errors.invalid(at, type, text);
  } else if (type === '') {
    const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
    if (!isFree) errors.required(at, missingType[level]);
  }
  if (isEmbedded && schema.additionalProperties !== undefined) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.forbidden(path.child('additionalProperties'), text);
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.invalid(at, type, 'must be object at the root');
}

/** apiVersion and kind are strings; of metadata only the names may be restricted. */
function validateResource(schema: JsonSchema, level: Level, path: FieldPath, errors: FieldErrors): void {
  const { properties = {} } = schema;
  for (const name of ['kind', 'apiVersion']) {
    const property = properties[name];
    if (property && property.type !== 'string')
      errors.invalid(path.child('properties').key(name).child('type'), property.type ?? '', 'must be string');
  }
  if (properties.metadata)
    validateMetadata(properties.metadata, level, path.child('properties').key('metadata'), errors);
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] || Object.keys(properties).length > 0;
  if (schema['x-kubernetes-embedded-resource'] && !isOpen) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.required(path.child('properties'), text);
  }
}

function validateMetadata(metadata: JsonSchema, level: Level, path: FieldPath, errors: FieldErrors): void {
  const { type = '', properties = {}, default: _default, ...rest } = metadata;
  if (type !== 'object') errors.invalid(path.child('type'), type, 'must be object');
  if (level !== 'root') return;
  const hasOthers = Object.keys(properties).some((name) => name !== 'name' && name !== 'generateName');
  if (hasOthers || Object.values(rest).some((value) => value !== undefined && value !== false)) {
    const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.forbidden(path, text);
  }
}
