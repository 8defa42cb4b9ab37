/**
 * The last step before an object is stored: what Go's encoder would make of it. Required lists and maps that are empty
 * become `null`, optional empty values go, structs by value are shown. Works in place.
 */

import { isRecord } from '../../api/json-record.ts';
import { isZero } from './decode.ts';
import { isPublished, objectSchemaOf, type SchemaOrName } from './schema.ts';
import { type FieldShape, type Shape, type StructShape, shapeOf } from './shape.ts';

/** Gives `object` the form that is stored and answered. What it shares with `done` has that form, and is left alone. */
export function encode(schemaOrName: SchemaOrName, object: object, done?: object): void {
  const schema = objectSchemaOf(schemaOrName);
  const shape = shapeOf(schema);
  // What has a reader of its own stays as it was read; only its metadata is a struct of Go's.
  if (schema.reader === undefined) encodeStruct(shape, object as Record<string, unknown>, !storedAsJson(shape), done);
  else if ('metadata' in object && isRecord(object.metadata)) encodeStruct(shapeOf(metadata), object.metadata, true);
}

const metadata = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Upstream keeps these as JSON, where an empty list stays one; all else passes through protobuf, which has none. */
const storedAsJson = ({ definition }: StructShape): boolean =>
  definition.includes('.apiextensions.') || !isPublished(definition);

function encodeStruct(shape: StructShape, object: Record<string, unknown>, nullsEmpty: boolean, done?: object): void {
  for (const name of Object.keys(object)) {
    const field = shape.fields.get(name);
    const value = object[name];
    if (!field) continue;
    const doneValue: unknown = done && Reflect.get(done, name);
    if (typeof value === 'object' && value !== null && value === doneValue) continue;
    if (value === undefined || (value === null && !field.zero) || (field.dropsZero && isZero(value))) {
      delete object[name];
      continue;
    }
    encodeValue(field.shape, value, nullsEmpty, isRecord(doneValue) ? doneValue : undefined);
    if (nullsEmpty && isEmptyCollection(field, value)) object[name] = null;
  }
  for (const field of shape.shown) {
    if (object[field.name] !== undefined) continue;
    const zero = field.zero?.();
    object[field.name] = isEmptyCollection(field, zero) ? null : zero;
  }
}

function isEmptyCollection({ shape }: FieldShape, value: unknown): boolean {
  if (shape.type === 'list') return Array.isArray(value) && value.length === 0;
  return shape.type === 'map' && isZero(value);
}

function encodeValue(shape: Shape, value: unknown, nullsEmpty: boolean, done?: object): void {
  if (typeof value !== 'object' || value === null) return;
  // By the schema it is one. Every value of every object comes by here: no question is asked that was answered before.
  if (shape.type === 'struct') encodeStruct(shape, value as Record<string, unknown>, nullsEmpty, done);
  else if (shape.type === 'list' && hasStructs(shape.items)) {
    if (Array.isArray(value)) for (const item of value) encodeValue(shape.items, item, nullsEmpty);
  } else if (shape.type === 'map' && hasStructs(shape.values)) {
    for (const member of Object.values(value)) encodeValue(shape.values, member, nullsEmpty);
  }
}

const hasStructs = (shape: Shape): boolean => shape.type !== 'scalar';
