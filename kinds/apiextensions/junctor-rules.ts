/** allOf, anyOf, oneOf and not: inside them only values may be restricted, the structure stands outside. */

import { equalJson } from '../../api/json-record.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { patternProblem } from '../../machinery/patterns.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';

/** What a schema inside a junctor must be without. */
const forbidden: readonly (readonly [keyof JsonSchema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

/** The one place for types in a junctor: how a number or a text is written out. */
const eitherType = [{ type: 'integer' }, { type: 'string' }];
const isEither = (schemas: JsonSchema['anyOf']): boolean => equalJson(schemas, eitherType);

/** Of what stands outside of all junctors. */
export function validateValues(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const firstIsEither = isEither(schema.allOf?.[0]?.anyOf);
  validateJunctors(schema, { skipsAnyOf: isEither(schema.anyOf), firstSkipsAnyOf: firstIsEither }, path, errors);
}

interface Skips {
  readonly skipsAnyOf: boolean;
  /** Of the first of `allOf`. */
  readonly firstSkipsAnyOf?: boolean;
}

function validateJunctors(
  schema: JsonSchema,
  { skipsAnyOf, firstSkipsAnyOf = false }: Skips,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { allOf, anyOf, oneOf, not, pattern } = schema;
  if (!skipsAnyOf)
    for (const [index, one] of (anyOf ?? []).entries()) validateNested(one, path.child('anyOf').index(index), errors);
  for (const [index, one] of (allOf ?? []).entries())
    validateNested(one, path.child('allOf').index(index), errors, { skipsAnyOf: index === 0 && firstSkipsAnyOf });
  for (const [index, one] of (oneOf ?? []).entries()) validateNested(one, path.child('oneOf').index(index), errors);
  if (not) validateNested(not, path.child('not'), errors);
  const problem = pattern ? patternProblem(pattern) : undefined;
  if (problem !== undefined)
    errors.invalid(path.child('pattern'), pattern, `must be a valid regular expression, but isn't: ${problem}`);
}

function validateNested(
  schema: JsonSchema,
  path: FieldPath,
  errors: FieldErrors,
  skips: Skips = { skipsAnyOf: false },
): void {
  validateJunctors(schema, skips, path, errors);
  if (isSchema(schema.items)) validateNested(schema.items, path.child('items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateNested(property, path.child('properties').key(name), errors);
  for (const [field, text] of forbidden) if (isSet(schema[field])) errors.forbidden(path.child(field), text);
  if (schema.properties?.metadata)
    errors.forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context');
}

const isSet = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== '' &&
  value !== false &&
  !(Array.isArray(value) && value.length === 0);
