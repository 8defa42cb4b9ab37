/** What of JSON schema the API does not have, or only in one form, wherever it stands in a schema. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { type Child, childrenOf, isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { validateRuleTexts } from './expression-texts.ts';
import { validateListAndMap, validateListItems } from './list-rules.ts';

export const schemaTypes: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What a definition that was stored before there was a rule need not follow. */
export interface OpenApiOptions {
  readonly allowsOddTypes: boolean;
  readonly allowsOddSets: boolean;
  readonly allowsOddListItems: boolean;
}

/** In which part of an object a schema stands. */
interface Place {
  readonly isRoot?: boolean;
  /** Why nothing here may have a default. */
  readonly noDefaults?: string;
  readonly isInMetadata?: boolean;
}

/** The schemas that something is wrong with, or with what is in them: nothing more is asked of those. */
export function validateOpenApi(
  schema: JsonSchema,
  path: FieldPath,
  options: OpenApiOptions,
  errors: FieldErrors,
): ReadonlySet<JsonSchema> {
  const faulty = new Set<JsonSchema>();
  validateNode(schema, { isRoot: true }, path, { options, errors, faulty });
  return faulty;
}

interface Walk {
  readonly options: OpenApiOptions;
  readonly errors: FieldErrors;
  readonly faulty: Set<JsonSchema>;
}

function validateNode(schema: JsonSchema, place: Place, path: FieldPath, walk: Walk): void {
  const { options, errors, faulty } = walk;
  const known = errors.list.length;
  validateSupport(schema, place, path, walk);
  if (schema.uniqueItems) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.forbidden(path.child('uniqueItems'), text);
  }
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  if (hasProperties && schema.additionalProperties !== undefined && schema.additionalProperties !== true)
    errors.forbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
  for (const child of childrenOf(schema, path))
    validateNode(child.schema, placeOf(child, schema, place), child.path, walk);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined');
  validateListAndMap(schema, path, options, errors);
  if (!options.allowsOddListItems) validateListItems(schema, path, errors);
  validateRuleTexts(schema, path, errors);
  if (errors.list.length > known) faulty.add(schema);
}

function placeOf({ role, name = '' }: Child, schema: JsonSchema, { isRoot, ...inherited }: Place): Place {
  if (role === 'additionalProperties' && inherited.isInMetadata)
    return { ...inherited, noDefaults: 'inside additionalProperties applying to object metadata' };
  const isResource = isRoot || schema['x-kubernetes-embedded-resource'];
  if (role !== 'property' || !isResource || !['apiVersion', 'kind', 'metadata'].includes(name)) return inherited;
  return { ...inherited, isInMetadata: true, ...(isRoot && { noDefaults: `in top-level ${name}` }) };
}

function validateSupport(schema: JsonSchema, place: Place, path: FieldPath, { options, errors }: Walk): void {
  const refuse = (field: keyof JsonSchema) => errors.forbidden(path.child(field), `${field} is not supported`);
  const { type } = schema;
  if (type && !schemaTypes.includes(type) && !options.allowsOddTypes)
    errors.notSupported(path.child('type'), type, schemaTypes);
  if (place.noDefaults && schema.default !== undefined && schema.default !== null)
    errors.forbidden(path.child('default'), `must not be set ${place.noDefaults}`);
  if (schema.id) refuse('id');
  if (schema.additionalItems !== undefined) refuse('additionalItems');
  for (const field of ['patternProperties', 'definitions'] as const) if (!isEmpty(schema[field])) refuse(field);
  for (const field of ['dependencies', '$ref'] as const) if (schema[field] !== undefined) refuse(field);
  if (type === 'null')
    errors.forbidden(path.child('type'), 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.forbidden(path.child('items'), 'items must be a schema object and not an array');
  if (place.isInMetadata && schema['x-kubernetes-embedded-resource'])
    errors.forbidden(path.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta');
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (isSchema(value) && Object.keys(value).length === 0);
