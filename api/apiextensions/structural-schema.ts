/**
 * What the schema of a custom resource must look like to be structural: every field has a type, outside of logical
 * junctors, and nothing is in it that could not be pruned, defaulted or validated in linear time.
 */

import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { childrenOf, isSchema, type JsonSchema } from './json-schema.ts';
import { validateDefaults } from './schema-defaults.ts';
import { validateListAndMap } from './schema-lists.ts';
import { validateRules } from './schema-rules.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const junctors = ['allOf', 'anyOf', 'oneOf'] as const;
const unsupported = ['$ref', 'definitions', 'dependencies', 'id', 'patternProperties'] as const;

/** Validates the schema at `path`; `isRoot` is the schema of the whole object. */
export function validateStructuralSchema(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (schema.nullable) errors.forbidden(path.child('nullable'), 'nullable cannot be true at the root');
  validateOpenApi(schema, path, errors);
  const before = errors.list.length;
  if (schema.type !== undefined && schema.type !== 'object' && schema.type !== '') {
    errors.invalid(path.child('type'), schema.type, 'must be object at the root');
  }
  validateSchema(schema, { isRoot: true, isResource: true }, path, errors);
  if (errors.list.length === before) validateDefaults(schema, path, errors);
  validateRules(schema, path, errors);
}

/** What OpenAPI v3 in Kubernetes does not have, wherever it stands. */
function validateOpenApi(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (schema.uniqueItems) {
    errors.forbidden(
      path.child('uniqueItems'),
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
  }
  for (const name of unsupported) {
    if (Reflect.has(schema, name) && schema[name] !== undefined)
      errors.forbidden(path.child(name), `${name} is not supported`);
  }
  if (Reflect.has(schema, 'additionalItems'))
    errors.forbidden(path.child('additionalItems'), 'additionalItems is not supported');
  if (schema.$schema) errors.invalid(path, '', "OpenAPIV3Schema 'schema' is not supported");
  if (schema.type === 'null')
    errors.forbidden(path.child('type'), 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items))
    errors.forbidden(path.child('items'), 'items must be a schema object and not an array');
  validateListAndMap(schema, path, errors);
  if (schema['x-kubernetes-preserve-unknown-fields'] && schema['x-kubernetes-int-or-string']) {
    errors.invalid(
      path.child('x-kubernetes-preserve-unknown-fields'),
      true,
      'must be false if x-kubernetes-int-or-string is true',
    );
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined');
  }
  for (const [at, child] of childrenOf(schema, path)) validateOpenApi(child, at, errors);
}

interface Place {
  readonly isRoot: boolean;
  /** An object with apiVersion, kind and metadata of its own. */
  readonly isResource: boolean;
}

function validateSchema(schema: JsonSchema, place: Place, path: FieldPath, errors: FieldErrors): void {
  validateType(schema, place, path, errors);
  const isResource = place.isRoot || schema['x-kubernetes-embedded-resource'] === true;
  if (
    schema['x-kubernetes-embedded-resource'] &&
    !schema['x-kubernetes-preserve-unknown-fields'] &&
    Object.keys(schema.properties ?? {}).length === 0
  ) {
    errors.required(
      path.child('properties'),
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    );
  }
  if (schema.type === 'array' && schema.items === undefined) errors.required(path.child('items'), 'must be specified');
  if (isResource) validateResourceFields(schema, place.isRoot, path, errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    validateSchema(property, { isRoot: false, isResource: false }, path.child('properties').key(name), errors);
  }
  if (isSchema(schema.additionalProperties)) {
    if (place.isRoot) errors.forbidden(path.child('additionalProperties'), 'must not be used at the root');
    validateSchema(
      schema.additionalProperties,
      { isRoot: false, isResource: false },
      path.child('additionalProperties'),
      errors,
    );
  }
  if (isSchema(schema.items))
    validateSchema(schema.items, { isRoot: false, isResource: false }, path.child('items'), errors);
  for (const junctor of junctors) {
    for (const [i, child] of (schema[junctor] ?? []).entries())
      validateJunctor(child, schema, path.child(junctor).index(i), errors, junctor);
  }
  if (schema.not) validateJunctor(schema.not, schema, path.child('not'), errors, 'not');
  validatePattern(schema, path, errors);
}

function validateType(schema: JsonSchema, place: Place, path: FieldPath, errors: FieldErrors): void {
  const { type = '' } = schema;
  const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (type === '') {
    if (!isFree || place.isRoot)
      errors.required(
        path.child('type'),
        place.isRoot ? 'must not be empty at the root' : 'must not be empty for specified object fields',
      );
  } else if (!types.includes(type)) errors.notSupported(path.child('type'), type, types);
}

/** apiVersion and kind are strings; of metadata only the name may be restricted. */
function validateResourceFields(schema: JsonSchema, isRoot: boolean, path: FieldPath, errors: FieldErrors): void {
  const { metadata } = schema.properties ?? {};
  for (const name of ['apiVersion', 'kind']) {
    const property = schema.properties?.[name];
    if (property?.type !== undefined && property.type !== 'string') {
      errors.invalid(path.child('properties').key(name).child('type'), property.type, 'must be string');
    }
  }
  if (metadata === undefined || !isRoot) return;
  const at = path.child('properties').key('metadata');
  if (metadata.type !== undefined && metadata.type !== 'object')
    errors.invalid(at.child('type'), metadata.type, 'must be object');
  const { name, generateName, ...others } = metadata.properties ?? {};
  void name;
  void generateName;
  const { type: _type, properties: _properties, description: _description, ...rest } = metadata;
  if (Object.keys(others).length > 0 || Object.keys(rest).length > 0) {
    errors.forbidden(
      at,
      'must not specify anything other than name and generateName, but metadata is implicitly specified',
    );
  }
}

const notInJunctors = ['description', 'type', 'default', 'additionalProperties', 'nullable'] as const;

/** Inside allOf, anyOf, oneOf and not only values may be restricted: the structure stands outside. */
function validateJunctor(
  schema: JsonSchema,
  parent: JsonSchema,
  path: FieldPath,
  errors: FieldErrors,
  junctor: string,
): void {
  const allowsTypes = parent['x-kubernetes-int-or-string'] && junctor === 'anyOf';
  for (const field of notInJunctors) {
    const value = schema[field];
    if (value === undefined || value === '' || value === false) continue;
    if (field === 'type' && allowsTypes) continue;
    errors.forbidden(
      path.child(field),
      field === 'nullable'
        ? 'must be false to be structural'
        : field === 'default'
          ? 'must be undefined to be structural'
          : field === 'additionalProperties'
            ? 'must be undefined to be structural'
            : 'must be empty to be structural',
    );
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    validateJunctor(child, parent.properties?.[name] ?? {}, path.child('properties').key(name), errors, '');
  }
  if (isSchema(schema.items))
    validateJunctor(schema.items, isSchema(parent.items) ? parent.items : {}, path.child('items'), errors, '');
}

function validatePattern({ pattern }: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (!pattern) return;
  const perl = /\(\?(?:[=!]|<[=!]|>)/.exec(pattern)?.[0];
  if (perl !== undefined) {
    errors.invalid(
      path.child('pattern'),
      pattern,
      `must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl syntax: \`${perl}\``,
    );
    return;
  }
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    errors.invalid(
      path.child('pattern'),
      pattern,
      `must be a valid regular expression, but isn't: ${error instanceof Error ? error.message : 'it cannot be read'}`,
    );
  }
}
