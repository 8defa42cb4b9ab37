/** Puts what an `ApplyConfiguration` mutation made over an object: as server-side apply does, but without owners. */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { typeErrors } from '../../../machinery/apply/field-set-of.ts';
import { merge } from '../../../machinery/apply/merge.ts';
import type { ObjectSchema, Schema } from '../../../machinery/schema/schema.ts';
import { ExpressionError } from '../expressions/stored-expression.ts';

/** Throws ExpressionError for what is of other types, and for what would replace more than it says. */
export function applyConfiguration(schema: ObjectSchema, object: JsonRecord, made: unknown): JsonRecord {
  if (!isRecord(made)) throw new ExpressionError('invalid return type: an ApplyConfiguration is an object');
  const { apiVersion, kind } = object;
  const configuration = { ...made, apiVersion, kind };
  const wrong = typeErrors(schema, configuration);
  if (wrong.length > 0)
    throw new ExpressionError(
      `error applying patch: failed to convert patch object to typed object: errors:\n${wrong.map((one) => `  ${one}`).join('\n')}`,
    );
  const atomic = atomicPlaces(schema, configuration, '');
  if (atomic.length > 0)
    throw new ExpressionError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`,
    );
  const merged = merge(schema, object, configuration);
  return isRecord(merged) ? merged : object;
}

/** What is replaced as a whole: whoever means to change a part of it would lose the rest. */
function atomicPlaces(schema: Schema, value: unknown, path: string): string[] {
  if (schema.type === 'list' && Array.isArray(value)) {
    const inner = value.flatMap((item, index) => atomicPlaces(schema.items, item, `${path}[${index}]`));
    return schema.listType === 'atomic' ? [path, ...inner] : inner;
  }
  if (schema.type === 'map' && isRecord(value)) {
    const inner = Object.entries(value).flatMap(([key, one]) => atomicPlaces(schema.values, one, `${path}.${key}`));
    return schema.atomic ? [path, ...inner] : inner;
  }
  if (schema.type !== 'object' || !isRecord(value)) return [];
  const inner = Object.entries(value).flatMap(([key, one]) => {
    const field = schema.fields.get(key);
    return field === undefined ? [] : atomicPlaces(field.schema, one, `${path}.${key}`);
  });
  return schema.atomic && path !== '' ? [path, ...inner] : inner;
}
