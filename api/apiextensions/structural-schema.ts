/**
 * What the schema of a custom resource must look like to be structural: every field has a type, outside of logical
 * junctors, and nothing is in it that could not be pruned, defaulted or validated in linear time.
 */

import { isDeepStrictEqual } from 'node:util';
import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { checkExpression } from '../validation/cel.ts';

/** A schema as it is on the wire (the published types call its extensions otherwise). */
export interface JsonSchema {
  type?: string;
  nullable?: boolean;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  pattern?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  uniqueItems?: boolean;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema | JsonSchema[];
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  not?: JsonSchema;
  $schema?: string;
  $ref?: string;
  definitions?: unknown;
  dependencies?: unknown;
  id?: string;
  patternProperties?: unknown;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-validations'?: Rule[];
}

interface Rule {
  rule?: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const listTypes = ['atomic', 'map', 'set'];
const mapTypes = ['atomic', 'granular'];
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
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

/** Each schema right below this one, with its place. */
function childrenOf(schema: JsonSchema, path: FieldPath): [FieldPath, JsonSchema][] {
  const children: [FieldPath, JsonSchema][] = [];
  const { properties = {}, additionalProperties, items, not } = schema;
  for (const [name, child] of Object.entries(properties ?? {}))
    children.push([path.child('properties').key(name), child]);
  if (isSchema(additionalProperties)) children.push([path.child('additionalProperties'), additionalProperties]);
  if (isSchema(items)) children.push([path.child('items'), items]);
  for (const junctor of junctors) {
    for (const [i, child] of (schema[junctor] ?? []).entries()) children.push([path.child(junctor).index(i), child]);
  }
  if (not) children.push([path.child('not'), not]);
  return children;
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function validateListAndMap(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && schema.type !== 'object') {
    if (schema.type)
      errors.invalid(path.child('type'), schema.type, 'must be object if x-kubernetes-map-type is specified');
    else errors.required(path.child('type'), 'must be object if x-kubernetes-map-type is specified');
  }
  if (mapType !== undefined && !mapTypes.includes(mapType))
    errors.notSupported(path.child('x-kubernetes-map-type'), mapType, mapTypes);
  if (listType !== undefined && schema.type !== 'array') {
    if (schema.type)
      errors.invalid(path.child('type'), schema.type, 'must be array if x-kubernetes-list-type is specified');
    else errors.required(path.child('type'), 'must be array if x-kubernetes-list-type is specified');
  }
  if (listType !== undefined && !listTypes.includes(listType))
    errors.notSupported(path.child('x-kubernetes-list-type'), listType, listTypes);
  if (keys.length > 0 && listType !== 'map') {
    if (listType === undefined)
      errors.required(path.child('x-kubernetes-list-type'), 'must be map if x-kubernetes-list-map-keys is non-empty');
    else
      errors.invalid(
        path.child('x-kubernetes-list-type'),
        listType,
        'must be map if x-kubernetes-list-map-keys is non-empty',
      );
  }
  if (listType === 'map') validateListMap(schema, keys, path, errors);
  if (listType === 'set' && isSchema(schema.items)) validateSetItems(schema.items, path.child('items'), errors);
}

function validateListMap(schema: JsonSchema, keys: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (keys.length === 0)
    errors.required(path.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map');
  const items = schema.items;
  if (!isSchema(items)) {
    if (items === undefined)
      errors.required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map');
    return;
  }
  const at = path.child('items');
  if (items.nullable) errors.forbidden(at.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is map');
  if (items.type !== 'object')
    errors.invalid(
      at.child('type'),
      items.type ?? '',
      "must be object if parent array's x-kubernetes-list-type is map",
    );
  if (items.type !== 'object') return;
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) errors.duplicate(path.child('x-kubernetes-list-map-keys'), key);
    seen.add(key);
    const property = items.properties?.[key];
    const place = at.child('properties').key(key);
    if (property === undefined) {
      errors.invalid(path.child('x-kubernetes-list-map-keys'), keys, 'entries must all be names of item properties');
      continue;
    }
    if (property.type === 'array' || property.type === 'object') {
      errors.invalid(
        place.child('type'),
        property.type,
        "must be a scalar type if parent array's x-kubernetes-list-type is map",
      );
    }
    if (property.default === undefined && !(items.required ?? []).includes(key)) {
      errors.required(
        place.child('default'),
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      );
    }
  }
}

function validateSetItems(items: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (items.nullable) errors.forbidden(path.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is set');
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    errors.invalid(
      path.child('x-kubernetes-map-type'),
      items['x-kubernetes-map-type'] ?? null,
      'must be atomic as item of a list with x-kubernetes-list-type=set',
    );
  }
  if (
    items.type === 'array' &&
    items['x-kubernetes-list-type'] !== 'atomic' &&
    items['x-kubernetes-list-type'] !== undefined
  ) {
    errors.invalid(
      path.child('x-kubernetes-list-type'),
      items['x-kubernetes-list-type'],
      'must be atomic as item of a list with x-kubernetes-list-type=set',
    );
  }
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

/** A default is a value of the schema that it stands in. */
function validateDefaults(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (schema.default !== undefined && schema.default !== null)
    validateValue(schema.default, schema, path.child('default'), errors);
  for (const [at, child] of childrenOf(schema, path)) validateDefaults(child, at, errors);
}

function typeOfValue(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return value === null ? 'null' : typeof value;
}

function validateValue(value: unknown, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const found = typeOfValue(value);
  const { type = '' } = schema;
  const fits =
    type === '' ||
    type === found ||
    (type === 'number' && found === 'integer') ||
    (schema.nullable === true && value === null);
  if (!fits) {
    errors.add(
      'FieldValueTypeInvalid',
      path,
      `Invalid value: ${JSON.stringify(found)}:  in body must be of type ${type}: ${JSON.stringify(found)}`,
    );
    return;
  }
  if (schema.enum && !schema.enum.some((one) => isDeepStrictEqual(one, value))) {
    errors.notSupported(
      path,
      value,
      schema.enum.map((one) => String(one)),
    );
  }
  if (typeof value === 'number') {
    if (schema.maximum !== undefined && value > schema.maximum)
      errors.invalid(path, value, ` in body should be less than or equal to ${schema.maximum}`);
    if (schema.minimum !== undefined && value < schema.minimum)
      errors.invalid(path, value, ` in body should be greater than or equal to ${schema.minimum}`);
  }
  if (typeof value === 'string' && schema.maxLength !== undefined && value.length > schema.maxLength)
    errors.tooLong(path, schema.maxLength);
  if (isSchema(value)) {
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      const member = Reflect.get(value, name);
      if (member !== undefined) validateValue(member, child, path.child(name), errors);
    }
    for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) errors.required(path.child(name));
  }
}

function validateRules(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const rules: Rule[] = schema['x-kubernetes-validations'] ?? [];
  for (const [i, rule] of rules.entries())
    validateRule(rule, schema, path.child('x-kubernetes-validations').index(i), errors);
  for (const [at, child] of childrenOf(schema, path)) validateRules(child, at, errors);
}

function validateRule(one: Rule, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = one;
  const shown = {
    Rule: rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: one.optionalOldSelf ?? null,
  };
  if (rule.trim() === '') errors.required(path.child('rule'), 'rule is not specified');
  if (/[\r\n]/.test(message)) errors.invalid(path.child('message'), message, 'must not contain line breaks');
  if (/[\r\n]/.test(rule) && message === '')
    errors.required(path.child('message'), 'message must be specified if rule contains line breaks');
  if (reason !== undefined && !reasons.includes(reason)) errors.notSupported(path.child('reason'), reason, reasons);
  if (fieldPath !== '') validateFieldPath(fieldPath, schema, path.child('fieldPath'), errors);
  if (rule.trim() === '') return;
  const variables = ['self', 'oldSelf'];
  const problem = checkExpression(rule, { variables });
  if (problem === 'must evaluate to bool')
    errors.invalid(path.child('rule'), shown, 'cel expression must evaluate to a bool');
  else if (problem !== undefined) errors.invalid(path.child('rule'), shown, `compilation failed: ${problem}`);
  if (messageExpression !== '') {
    const wrong = checkExpression(messageExpression, { variables, type: 'string' });
    if (wrong !== undefined)
      errors.invalid(path.child('messageExpression'), shown, `messageExpression compilation failed: ${wrong}`);
  }
  if (one.optionalOldSelf !== undefined && !/\boldSelf\b/.test(rule)) {
    errors.invalid(path.child('optionalOldSelf'), one.optionalOldSelf, 'may not be set if oldSelf is not used in rule');
  }
}

function validateFieldPath(text: string, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (text.trim() === '') errors.invalid(path, text, 'must be non-empty if specified');
  const names = text.startsWith('.') ? text.slice(1).split('.') : [];
  let at: JsonSchema | undefined = schema;
  for (const name of names)
    at = at?.properties?.[name] ?? (isSchema(at?.additionalProperties) ? at.additionalProperties : undefined);
  if (names.length === 0 || at === undefined) errors.invalid(path, text, 'must be a valid path');
}
