/** allOf, anyOf, oneOf and not: inside them only values may be restricted, the structure stands outside. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';

const junctors = ['allOf', 'anyOf', 'oneOf'] as const;

/** What a schema inside a junctor must be without, in the order in which it is said. */
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
];

export function validateJunctors(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const isEither = schema['x-kubernetes-int-or-string'] === true;
  forEachNested(schema, path, (nested, at, junctor, index) => {
    // The one place for types: how a number or a text is written out.
    const tellsTypes = isEither && (junctor === 'anyOf' || (junctor === 'allOf' && index === 0));
    validateNested(nested, { tellsTypes }, at, errors);
  });
}

type Visit = (nested: JsonSchema, at: FieldPath, junctor: string, index: number) => void;

function forEachNested(schema: JsonSchema, path: FieldPath, visit: Visit): void {
  for (const junctor of junctors)
    for (const [i, nested] of (schema[junctor] ?? []).entries())
      visit(nested, path.child(junctor).index(i), junctor, i);
  if (schema.not) visit(schema.not, path.child('not'), 'not', 0);
}

function validateNested(
  schema: JsonSchema,
  { tellsTypes }: { readonly tellsTypes: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  forEachNested(schema, path, (nested, at, junctor) =>
    validateNested(nested, { tellsTypes: tellsTypes && junctor === 'anyOf' }, at, errors),
  );
  if (isSchema(schema.items)) validateNested(schema.items, { tellsTypes: false }, path.child('items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateNested(property, { tellsTypes: false }, path.child('properties').key(name), errors);
  for (const [field, text] of forbidden) {
    const value = schema[field];
    if (value === undefined || value === null || value === '' || value === false) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    if (field === 'type' && tellsTypes) continue;
    errors.forbidden(path.child(field), text);
  }
  if (schema.properties?.metadata)
    errors.forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context');
}
