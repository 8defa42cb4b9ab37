/** What of JSON schema the API does not have, or only in one form, wherever it stands in a schema. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { childrenOf, isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { validateListAndMap } from './schema-lists.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Each is nothing when it is empty, but for the last ones. */
const unsupported = ['id', 'patternProperties', 'definitions'] as const;
const unsupportedEvenEmpty = ['additionalItems', 'dependencies', '$ref'] as const;

/** In which part of an object a schema stands. */
interface Place {
  /** Why nothing here may have a default. */
  readonly noDefaults?: string;
  readonly isInMetadata?: boolean;
}

export function validateOpenApi(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  validateNode(schema, { isRoot: true }, path, errors);
}

function validateNode(
  schema: JsonSchema,
  place: Place & { readonly isRoot?: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateSupport(schema, place, path, errors);
  if (schema.uniqueItems) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.forbidden(path.child('uniqueItems'), text);
  }
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  if (hasProperties && schema.additionalProperties !== undefined && schema.additionalProperties !== true)
    errors.forbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
  for (const [at, child, name] of childrenOf(schema, path))
    validateNode(child, placeOf(name, schema, place), at, errors);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined');
  validateListAndMap(schema, path, errors);
}

function placeOf(name: string | undefined, schema: JsonSchema, place: Place & { readonly isRoot?: boolean }): Place {
  const { isRoot, ...inherited } = place;
  const isResource = isRoot || schema['x-kubernetes-embedded-resource'];
  if (name === undefined || !isResource || !['apiVersion', 'kind', 'metadata'].includes(name)) return inherited;
  return { ...inherited, isInMetadata: true, ...(isRoot && { noDefaults: `in top-level ${name}` }) };
}

function validateSupport(schema: JsonSchema, place: Place, path: FieldPath, errors: FieldErrors): void {
  if (place.noDefaults && schema.default !== undefined && schema.default !== null)
    errors.forbidden(path.child('default'), `must not be set ${place.noDefaults}`);
  for (const field of unsupported)
    if (!isEmpty(schema[field])) errors.forbidden(path.child(field), `${field} is not supported`);
  for (const field of unsupportedEvenEmpty)
    if (schema[field] !== undefined) errors.forbidden(path.child(field), `${field} is not supported`);
  if (schema.$schema) errors.invalid(path, '', "OpenAPIV3Schema 'schema' is not supported");
  if (schema.type === 'null')
    errors.forbidden(path.child('type'), 'type cannot be set to null, use nullable as an alternative');
  else if (schema.type && !types.includes(schema.type)) errors.notSupported(path.child('type'), schema.type, types);
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.forbidden(path.child('items'), 'items must be a schema object and not an array');
  if (place.isInMetadata && schema['x-kubernetes-embedded-resource'])
    errors.forbidden(path.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta');
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return isSchema(value) && Object.keys(value).length === 0;
}
