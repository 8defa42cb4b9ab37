/** Defaults in a schema: each must be a value of the schema that it stands in. */

import { isDeepStrictEqual } from 'node:util';
import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { childrenOf, isSchema, type JsonSchema } from './json-schema.ts';

/** A default is a value of the schema that it stands in. */
export function validateDefaults(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
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
