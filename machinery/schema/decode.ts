/**
 * Turns parsed JSON into an object of a definition, as Go's decoder would: wrong types are errors in Go's words,
 * `null` means absent, empty values are dropped or shown as upstream shows them, quantities, times and base64 become
 * canonical, and fields that the definition does not have are left out and named. Objects are built field by field, so
 * that a key such as `__proto__` is never more than a key.
 */

import { isRecord, setOwn } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { canonicalQuantity, formatQuantity, readQuantity, roundUpToMilli } from '../../api/quantity.ts';
import { errorText } from '../../base/error-text.ts';
import { jsonTypeName } from '../json/json.ts';
import type { JsonPlaces } from '../json/json-places.ts';
import { canonicalBase64 } from './base64.ts';
import { type Decoded, jsonSchemaDefinition, objectSchemaOf, type SchemaOrName } from './schema.ts';
import {
  type FieldShape,
  type MapShape,
  type ScalarShape,
  type Shape,
  type StructShape,
  shapeOf,
  zeroStruct,
  zeroValue,
} from './shape.ts';
import { canonicalMicroTime, canonicalTime } from './time.ts';

/** The value does not fit the definition. The message is Go's, to be wrapped by whoever asked. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/**
 * Decodes `value` as its schema says; throws `DecodeError`. `value` is not changed and not shared, raw parts apart, and
 * its field `done`, which has been decoded before and is taken over as it is.
 */
export function decode(schemaOrName: SchemaOrName, value: unknown, places?: JsonPlaces, done?: string): Decoded {
  const schema = objectSchemaOf(schemaOrName);
  if (schema.reader !== undefined) return schema.reader(value, places);
  const decoder = new Decoder(places, done);
  const object = decoder.decodeRoot(shapeOf(schema), value);
  return { object, strictErrors: decoder.strictErrors };
}

/** More strict errors than these are not told. */
const maxStrictErrors = 100;

interface StrictError {
  readonly text: string;
  readonly offset: number;
}

const names: ScalarShape = { type: 'scalar', scalar: 'string', goType: 'string' };

type Step = FieldShape | number | string;

class Decoder {
  readonly #places: JsonPlaces | undefined;
  readonly #strictErrors: StrictError[] = [];
  /** Where the decoder is: fields of structs, indexes, keys of maps. */
  readonly #place: Step[] = [];
  /** Wrong types are reported when all has been read; the first one counts. */
  #firstError: DecodeError | undefined;

  /** A field of the root. */
  readonly #done: string | undefined;

  constructor(places: JsonPlaces | undefined, done: string | undefined) {
    this.#places = places;
    this.#done = done;
  }

  /** Each once. Without places all stand as they were found, which is their order. */
  get strictErrors(): string[] {
    const sorted = this.#strictErrors.toSorted((a, b) => a.offset - b.offset);
    return [...new Set(sorted.map(({ text }) => text))].slice(0, maxStrictErrors);
  }

  decodeRoot(shape: StructShape, value: unknown): Record<string, unknown> {
    const object = this.#struct(shape, value);
    if (this.#firstError) throw this.#firstError;
    return object;
  }

  #value(shape: Shape, value: unknown): unknown {
    switch (shape.type) {
      case 'struct':
        return this.#struct(shape, value);
      case 'map':
        return this.#map(shape, value);
      case 'list':
        return this.#list(shape.items, shape.goType, value);
      case 'scalar':
        return this.#scalar(shape, value);
    }
  }

  #struct(shape: StructShape, value: unknown): Record<string, unknown> {
    if (!isRecord(value)) {
      if (value !== null && value !== undefined) this.#wrongType(value, shape.goType);
      return zeroStruct(shape);
    }
    const object: Record<string, unknown> = {};
    this.#refuseRepeated(value, (key) => shape.fields.has(key));
    for (const name of Object.keys(value)) {
      const field = shape.fields.get(name);
      if (!field) this.#refuseUnknown(value, name);
      else if (name === this.#done && this.#place.length === 0) object[name] = value[name];
      else this.#field(field, value[name], object);
    }
    for (const field of shape.shown) {
      if (object[field.name] === undefined) object[field.name] = field.zero?.();
    }
    return object;
  }

  #field(field: FieldShape, value: unknown, object: Record<string, unknown>): void {
    if (value === null || value === undefined) return;
    this.#place.push(field);
    const decoded = this.#value(field.shape, value);
    this.#place.pop();
    // An empty list is not an absent one to defaults and rules; the encoder makes them alike. Bytes are a list to Go.
    const isList = isCollection(decoded) || isBytes(field.shape);
    const isDropped = field.dropsZero && !isList && isZero(decoded);
    if (decoded !== undefined && !isDropped) object[field.name] = decoded;
  }

  #map(shape: MapShape, value: unknown): unknown {
    if (!isRecord(value)) {
      this.#wrongType(value, shape.goType);
      return undefined;
    }
    const object: Record<string, unknown> = {};
    this.#refuseRepeated(value, () => true);
    for (const key of Object.keys(value)) {
      this.#place.push(key);
      const member = value[key];
      const decoded =
        member === null || member === undefined ? zeroValue(shape.values) : this.#mapValue(shape.values, member);
      this.#place.pop();
      if (decoded !== undefined) setOwn(object, key, decoded);
    }
    return object;
  }

  #mapValue(shape: Shape, value: unknown): unknown {
    // Amounts of resources have no use for more than thousandths.
    if (shape.type === 'scalar' && shape.scalar === 'quantity') return roundAmount(this.#scalar(shape, value));
    return this.#value(shape, value);
  }

  #list(items: Shape, goType: string, value: unknown): unknown {
    if (!Array.isArray(value)) {
      this.#wrongType(value, goType);
      return undefined;
    }
    const list: unknown[] = [];
    for (const [index, item] of value.entries()) {
      this.#place.push(index);
      const decoded = item === null ? zeroValue(items) : this.#value(items, item);
      this.#place.pop();
      list.push(decoded ?? zeroValue(items));
    }
    return list;
  }

  #scalar(shape: ScalarShape, value: unknown): unknown {
    switch (shape.scalar) {
      case 'string':
        return typeof value === 'string' ? value : this.#wrongType(value, shape.goType);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#wrongType(value, shape.goType);
      case 'int32':
      case 'int64':
        return this.#integer(shape, value);
      case 'double':
        return this.#double(shape, value);
      case 'bytes':
        return this.#bytes(shape, value);
      case 'quantity':
        return canonicalOrThrow(canonicalQuantity, typeof value === 'string' ? value : rawText(value));
      case 'int-or-string':
        return intOrString(value);
      case 'time':
        return time(value, canonicalTime);
      case 'micro-time':
        return time(value, canonicalMicroTime);
      case 'raw':
        return shape.schemaOr ? this.#schemaOr(shape.schemaOr, value) : readRaw(value);
    }
  }

  /** What is neither is nothing, but for where a boolean may stand. What a schema does not have is left out in silence. */
  #schemaOr(other: NonNullable<ScalarShape['schemaOr']>, value: unknown): unknown {
    const known = this.#strictErrors.length;
    try {
      if (isRecord(value)) return this.#struct(shapeOf(jsonSchemaDefinition), value);
      if (Array.isArray(value) && other === 'list')
        return this.#list(shapeOf(jsonSchemaDefinition), '[]v1.JSONSchemaProps', value);
      if (Array.isArray(value) && other === 'names') return this.#list(names, '[]string', value);
    } finally {
      this.#strictErrors.splice(known);
    }
    if (other !== 'boolean') return undefined;
    if (typeof value !== 'boolean') throw new DecodeError('boolean or JSON schema expected');
    return value;
  }

  /** Beyond what a double can hold is of a wrong type to Go; infinity could not be stored. */
  #double({ goType }: ScalarShape, value: unknown): unknown {
    if (!isNumber(value)) return this.#wrongType(value, goType);
    const number = Number(numberText(value));
    return Number.isFinite(number) ? number : this.#wrongType(value, goType, `number ${numberText(value)}`);
  }

  #integer({ scalar, goType }: ScalarShape, value: unknown): unknown {
    if (!isNumber(value)) return this.#wrongType(value, goType);
    const number = integerIn(scalar === 'int32' ? 'int32' : 'int64', value);
    if (number !== undefined) refuseRounding(number, value);
    return number ?? this.#wrongType(value, goType, `number ${numberText(value)}`);
  }

  #bytes({ goType }: ScalarShape, value: unknown): unknown {
    if (typeof value !== 'string') return this.#wrongType(value, goType);
    const { text, badByte } = canonicalBase64(value);
    if (badByte !== undefined) this.#note(`illegal base64 data at input byte ${badByte}`);
    return text;
  }

  #wrongType(value: unknown, goType: string, what: string = jsonTypeName(value)): undefined {
    const fields = this.#place.filter((step) => typeof step === 'object');
    const last = fields.at(-1);
    const where = last ? `Go struct field ${last.owner}.${fields.map(({ name }) => name).join('.')}` : 'Go value';
    this.#note(`json: cannot unmarshal ${what} into ${where} of type ${goType}`);
  }

  #note(message: string): void {
    this.#firstError ??= new DecodeError(message);
  }

  #refuseRepeated(container: object, isKnown: (key: string) => boolean): void {
    for (const { key, offset } of this.#places?.repeatedIn(container) ?? [])
      if (isKnown(key)) this.#report('duplicate', key, offset);
  }

  #refuseUnknown(container: object, name: string): void {
    this.#report('unknown', name, this.#places?.offsetOf(container, name) ?? 0);
  }

  #report(what: 'duplicate' | 'unknown', name: string, offset: number): void {
    // Far more than are told: they may yet be sorted.
    if (this.#strictErrors.length >= 10 * maxStrictErrors) return;
    this.#strictErrors.push({ text: `${what} field "${this.#pathTo(name)}"`, offset });
  }

  #pathTo(name: string): string {
    let path = '';
    for (const step of [...this.#place, name]) {
      if (typeof step === 'number') path += `[${step}]`;
      else path += `${path === '' ? '' : '.'}${typeof step === 'object' ? step.name : step}`;
    }
    return path;
  }
}

/** Whether a decoded value is what Go drops under `omitempty`. */
export function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value === null) return false;
  for (const _ in value) return false;
  return true;
}

const isNumber = (value: unknown): value is number | NumberLiteral =>
  typeof value === 'number' || value instanceof NumberLiteral;
const numberText = (value: number | NumberLiteral): string => (typeof value === 'number' ? String(value) : value.text);

const limits = { int32: [-(2n ** 31n), 2n ** 31n - 1n], int64: [-(2n ** 63n), 2n ** 63n - 1n] } as const;

function integerIn(type: 'int32' | 'int64', value: number | NumberLiteral): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && (type === 'int64' || value === (value | 0)))
    return value;
  const text = numberText(value);
  if (!/^-?\d+$/.test(text)) return undefined;
  const exact = BigInt(text);
  return exact < limits[type][0] || exact > limits[type][1] ? undefined : Number(exact);
}

/** Objects are kept as JavaScript has them: a whole number that this would change is refused, never rounded in silence. */
function refuseRounding(number: number, value: number | NumberLiteral): void {
  if (!Number.isSafeInteger(number) && BigInt(number) !== BigInt(numberText(value))) {
    throw new DecodeError(`number ${numberText(value)} cannot be kept exactly: whole numbers beyond 2^53 are rounded`);
  }
}

/** Any JSON, for places without a schema. What Go itself reads as a fraction may be rounded; its whole numbers may not. */
export function readRaw(value: unknown): unknown {
  if (value instanceof NumberLiteral) {
    const number = integerIn('int64', value);
    if (number !== undefined) refuseRounding(number, value);
    if (!Number.isFinite(Number(value.text)))
      throw new DecodeError(`json: cannot unmarshal number ${value.text} into Go value of type float64`);
    return value.toJSON();
  }
  if (Array.isArray(value)) return value.map(readRaw);
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(copy, key, readRaw(value[key]));
  return copy;
}

/** The bytes Go's own readers of quantities get to see when the value is not a string. */
const rawText = (value: unknown): string => (isNumber(value) ? numberText(value) : JSON.stringify(value));

function roundAmount(text: unknown): unknown {
  if (typeof text !== 'string' || !/[nu]$|\.|e-/i.test(text)) return text;
  const quantity = readQuantity(text);
  const rounded = roundUpToMilli(quantity);
  return rounded.nanos === quantity.nanos ? text : formatQuantity(rounded);
}

/** Values that read themselves: their errors end the decoding at once. */
function canonicalOrThrow(read: (text: string) => string, text: string): string {
  try {
    return read(text);
  } catch (error) {
    throw new DecodeError(errorText(error), { cause: error });
  }
}

function time(value: unknown, read: (text: string) => string): string {
  if (typeof value !== 'string') {
    throw new DecodeError(`json: cannot unmarshal ${jsonTypeName(value)} into Go value of type string`);
  }
  return canonicalOrThrow(read, value);
}

function intOrString(value: unknown): string | number {
  if (typeof value === 'string') return value;
  const number = isNumber(value) ? integerIn('int32', value) : undefined;
  if (number !== undefined) return number;
  const what = isNumber(value) ? `number ${numberText(value)}` : jsonTypeName(value);
  throw new DecodeError(`json: cannot unmarshal ${what} into Go value of type int32`);
}

const isBytes = (shape: Shape): boolean => shape.type === 'scalar' && shape.scalar === 'bytes';
const isCollection = (value: unknown): boolean => typeof value === 'object' && value !== null;
