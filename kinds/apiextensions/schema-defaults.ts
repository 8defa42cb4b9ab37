/** Defaults in a schema: each must be a value of the schema that it stands in. */

import { equalJson, isRecord, own } from '../../api/json-record.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { matchesPattern } from '../../machinery/patterns.ts';
import { childrenOf, isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';

/** A default is a value of the schema that it stands in; that of a whole object says what object it is. */
export function validateDefaults(schema: JsonSchema, path: FieldPath, errors: FieldErrors, isRoot = true): void {
  const { default: value } = schema;
  if (value !== undefined && value !== null) {
    const at = path.child('default');
    validateValue(value, schema, at, errors);
    const isResource = isRoot || schema['x-kubernetes-embedded-resource'];
    if (isResource && isSchema(value))
      for (const name of ['apiVersion', 'kind']) if (!Reflect.get(value, name)) errors.required(at.child(name));
  }
  for (const [at, child] of childrenOf(schema, path)) validateDefaults(child, at, errors, false);
}

function typeOfValue(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return value === null ? 'null' : typeof value;
}

function fitsType(found: string, schema: JsonSchema): boolean {
  const { type = '' } = schema;
  if (found === 'null') return schema.nullable === true;
  if (schema['x-kubernetes-int-or-string']) return found === 'integer' || found === 'string';
  return type === '' || type === found || (type === 'number' && found === 'integer');
}

function validateValue(value: unknown, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const found = typeOfValue(value);
  if (!fitsType(found, schema)) {
    const type = schema.type || 'integer,string';
    errors.add(
      'FieldValueTypeInvalid',
      path,
      `Invalid value: ${JSON.stringify(found)}:  in body must be of type ${type}: ${JSON.stringify(found)}`,
    );
    return;
  }
  if (schema.enum && !schema.enum.some((one) => equalJson(one, value))) {
    const choices = schema.enum.map((one) => String(one));
    errors.notSupported(path, value, choices);
  }
  if (typeof value === 'number') validateNumber(value, schema, path, errors);
  if (typeof value === 'string') validateText(value, schema, path, errors);
  if (Array.isArray(value)) validateList(value, schema, path, errors);
  else if (isRecord(value)) validateObject(value, schema, path, errors);
}

const wholeNumbers: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

function validateNumber(value: number, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { format = '', minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const limit = own(wholeNumbers, format);
  const isOdd = (bound: number | undefined) =>
    limit !== undefined && bound !== undefined && (!Number.isInteger(bound) || Math.abs(bound) > limit);
  for (const [name, bound] of [
    ['Maximum', maximum],
    ['Minimum', minimum],
  ] as const) {
    if (!isOdd(bound)) continue;
    errors.invalid(path, '', `${name} boundary value must be of type integer with format ${format} in `);
    return;
  }
  if (multipleOf !== undefined && value % multipleOf !== 0)
    errors.invalid(path, value, ` in body should be a multiple of ${multipleOf}`);
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    errors.invalid(path, value, ` in body should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    errors.invalid(path, value, ` in body should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
}

function validateText(value: string, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { maxLength, minLength, pattern } = schema;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.tooLong(path, maxLength);
  if (minLength !== undefined && length < minLength)
    errors.invalid(path, value, ` in body should be at least ${minLength} chars long`);
  if (pattern && !matchesPattern(pattern, value)) errors.invalid(path, value, ` in body should match '${pattern}'`);
}

function validateList(value: readonly unknown[], schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { maxItems, minItems, items } = schema;
  if (minItems !== undefined && value.length < minItems)
    errors.invalid(path, value.length, ` in body should have at least ${minItems} items`);
  if (maxItems !== undefined && value.length > maxItems) errors.tooMany(path, value.length, maxItems);
  if (isSchema(items)) for (const [i, item] of value.entries()) validateValue(item, items, path.index(i), errors);
}

function validateObject(
  value: Record<string, unknown>,
  schema: JsonSchema,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { maxProperties, minProperties, properties = {}, additionalProperties } = schema;
  const size = Object.keys(value).length;
  if (maxProperties !== undefined && size > maxProperties) errors.tooMany(path, size, maxProperties);
  if (minProperties !== undefined && size < minProperties)
    errors.invalid(path, size, ` in body should have at least ${minProperties} properties`);
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) errors.required(path.child(name));
  for (const [name, member] of Object.entries(value)) {
    const child = own(properties, name) ?? (isSchema(additionalProperties) ? additionalProperties : undefined);
    if (child) validateValue(member, child, path.child(name), errors);
  }
}
