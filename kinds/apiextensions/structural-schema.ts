/**
 * What the schema of a custom resource must look like to be structural: every field has a type, outside of logical
 * junctors, and nothing is in it that could not be pruned, defaulted or validated in linear time.
 */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { patternProblem } from '../../machinery/patterns.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { validateOpenApi } from './openapi-rules.ts';
import { validateDefaults } from './schema-defaults.ts';
import { validateJunctors } from './schema-junctors.ts';
import { validateRules } from './schema-rules.ts';

/** Validates the schema of whole objects, at `path`. */
export function validateStructuralSchema(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (schema.nullable) errors.forbidden(path.child('nullable'), 'nullable cannot be true at the root');
  const before = errors.list.length;
  validateStructure(schema, 'root', path, errors);
  if (errors.list.length === before) validateDefaults(schema, path, errors);
  const isStructural = errors.list.length === before;
  validateOpenApi(schema, path, errors);
  validateRules(schema, { compiles: isStructural }, path, errors);
}

type Level = 'root' | 'field' | 'item';

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

function validateStructure(schema: JsonSchema, level: Level, path: FieldPath, errors: FieldErrors): void {
  if (schema.type === 'array' && schema.items === undefined) errors.required(path.child('items'), 'must be specified');
  if (isSchema(schema.items)) validateStructure(schema.items, 'item', path.child('items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateStructure(property, 'field', path.child('properties').key(name), errors);
  if (isSchema(schema.additionalProperties)) {
    const at = path.child('additionalProperties');
    if (level === 'root') errors.forbidden(at, 'must not be used at the root');
    validateStructure(schema.additionalProperties, 'field', at, errors);
  }
  validateExtensions(schema, path, errors);
  validatePattern(schema, path, errors);
  validateJunctors(schema, path, errors);
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
    if (!isFree || level === 'root') errors.required(at, missingType[level]);
  }
  if (isEmbedded && isSchema(schema.additionalProperties)) {
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
  if (hasOthers || Object.keys(rest).some((field) => field !== 'description')) {
    const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.forbidden(path, text);
  }
}

function validatePattern({ pattern }: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const problem = pattern ? patternProblem(pattern) : undefined;
  if (problem === undefined) return;
  errors.invalid(path.child('pattern'), pattern, `must be a valid regular expression, but isn't: ${problem}`);
}
