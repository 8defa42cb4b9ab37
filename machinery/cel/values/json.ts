/**
 * Plain JSON as values, read by a type when an expression looks at it: an object of a megabyte of which one field is
 * asked costs one field.
 */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { NumberLiteral } from '../../../api/number-literal.ts';
import { CelError } from '../cel-error.ts';
import { type CelType, dynType, type ListType, type MapType, type ObjectType } from '../types/cel-type.ts';
import { readDuration, readTime, showDuration, showTime } from './time.ts';
import {
  Bytes,
  Duration,
  isInt,
  ListValue,
  MapValue,
  OpaqueValue,
  OptionalValue,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts';

/** `raw` as a value of `type`; what is a value already stays one. Throws `CelError` where it is of another type. */
export function readJson(raw: unknown, type: CelType): Value {
  if (raw === null || raw === undefined) return null;
  if (isMade(raw)) return raw;
  switch (type.kind) {
    case 'string':
      return typeof raw === 'string' ? raw : wrongType('string', raw);
    case 'bool':
      return typeof raw === 'boolean' ? raw : wrongType('bool', raw);
    case 'int':
      return readInt(raw);
    case 'double':
      return readDouble(raw);
    case 'bytes':
      return typeof raw === 'string' ? readBytes(raw) : wrongType('string', raw);
    case 'timestamp':
      return typeof raw === 'string' ? readTimestamp(raw) : wrongType('string', raw);
    case 'duration':
      return typeof raw === 'string' ? readJsonDuration(raw) : wrongType('string', raw);
    case 'list':
      return Array.isArray(raw) ? new JsonList(raw, type) : wrongType('an array', raw);
    case 'map':
      return isRecord(raw) ? new JsonMap(raw, type) : wrongType('a map', raw);
    case 'object':
      return isRecord(raw) ? new JsonObject(raw, type) : wrongType('a map', raw);
    default:
      return readUntyped(raw);
  }
}

const isMade = (raw: unknown): raw is Value =>
  typeof raw === 'bigint' ||
  raw instanceof MapValue ||
  raw instanceof ListValue ||
  raw instanceof OpaqueValue ||
  raw instanceof OptionalValue ||
  raw instanceof Uint ||
  raw instanceof Timestamp ||
  raw instanceof Duration ||
  raw instanceof Bytes ||
  raw instanceof TypeValue;

function wrongType(wanted: string, raw: unknown): never {
  throw new CelError(`invalid data, expected ${wanted}, got ${goTypeOf(raw)}`);
}

/** As Go names what JSON is read into. */
function goTypeOf(raw: unknown): string {
  if (typeof raw === 'string') return 'string';
  if (typeof raw === 'boolean') return 'bool';
  if (Array.isArray(raw)) return '[]interface {}';
  if (isRecord(raw)) return 'map[string]interface {}';
  return typeof raw === 'number' && Number.isInteger(raw) ? 'int64' : 'float64';
}

function readInt(raw: unknown): bigint {
  if (typeof raw === 'number' && Number.isInteger(raw)) return BigInt(raw);
  const whole = raw instanceof NumberLiteral ? wholeOf(raw) : undefined;
  return whole ?? wrongType('int', raw);
}

function readDouble(raw: unknown): number {
  if (typeof raw === 'number') return raw;
  return raw instanceof NumberLiteral ? Number(raw.text) : wrongType('float', raw);
}

function wholeOf({ text }: NumberLiteral): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return isInt(value) ? value : undefined;
}

function readBytes(text: string): Bytes {
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(text))
    throw new CelError(`Invalid byte formatted string ${text}: illegal base64 data`);
  return new Bytes(Uint8Array.from(Buffer.from(text, 'base64')));
}

/** A day alone is its beginning. */
function readTimestamp(text: string): Timestamp {
  const nanos = readTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (nanos === undefined) throw new CelError(`Invalid date-time formatted string ${text}`);
  return new Timestamp(nanos);
}

function readJsonDuration(text: string): Duration {
  const nanos = readDuration(text) ?? readWordyDuration(text);
  if (nanos === undefined) throw new CelError(`Invalid duration ${text}`);
  return new Duration(nanos);
}

const wordyUnits: readonly (readonly [pattern: RegExp, nanos: bigint])[] = [
  [/^(?:ns|nanos?|nanoseconds?)$/, 1n],
  [/^(?:us|µs|micros?|microseconds?)$/, 1000n],
  [/^(?:ms|millis?|milliseconds?)$/, 1_000_000n],
  [/^(?:s|secs?|seconds?)$/, 1_000_000_000n],
  [/^(?:m|mins?|minutes?)$/, 60_000_000_000n],
  [/^(?:h|hrs?|hours?)$/, 3_600_000_000_000n],
  [/^(?:d|days?)$/, 86_400_000_000_000n],
  [/^(?:w|weeks?)$/, 604_800_000_000_000n],
];

/** `3 days`, which the format `duration` of schemas has and Go has not. */
function readWordyDuration(text: string): bigint | undefined {
  const [, count, word = ''] = /^(\d{1,18})\s*(\p{L}+)$/u.exec(text) ?? [];
  const unit = wordyUnits.find(([pattern]) => pattern.test(word));
  return count === undefined || unit === undefined ? undefined : BigInt(count) * unit[1];
}

const untypedList: ListType = { kind: 'list', element: dynType };
const untypedMap: MapType = { kind: 'map', key: { kind: 'string' }, value: dynType };

function readUntyped(raw: unknown): Value {
  if (typeof raw === 'string' || typeof raw === 'boolean') return raw;
  if (typeof raw === 'number') return Number.isInteger(raw) ? BigInt(raw) : raw;
  if (raw instanceof NumberLiteral) return wholeOf(raw) ?? Number(raw.text);
  if (Array.isArray(raw)) return new JsonList(raw, untypedList);
  return isRecord(raw) ? new JsonMap(raw, untypedMap) : wrongType('a value', raw);
}

class JsonList extends ListValue {
  readonly #items: readonly unknown[];
  readonly #type: ListType;
  constructor(items: readonly unknown[], type: ListType) {
    super();
    this.#items = items;
    this.#type = type;
  }

  get size(): number {
    return this.#items.length;
  }

  override get identity(): ListValue['identity'] {
    return this.#type.identity;
  }

  at(index: number): Value {
    return readJson(this.#items[index], this.#type.element);
  }
}

class JsonMap extends MapValue {
  readonly #record: JsonRecord;
  readonly #type: MapType;
  #size: number | undefined;
  constructor(record: JsonRecord, type: MapType) {
    super();
    this.#record = record;
    this.#type = type;
  }

  get size(): number {
    this.#size ??= Object.keys(this.#record).length;
    return this.#size;
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !this.has(key)) return undefined;
    return readJson(this.#record[key], this.#type.value);
  }

  override has(key: Value): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#record, key) && this.#record[key] !== undefined;
  }

  keys(): Iterable<Value> {
    return Object.keys(this.#record);
  }
}

/** What the type does not name is not there. */
class JsonObject extends MapValue {
  readonly #record: JsonRecord;
  readonly #type: ObjectType;
  constructor(record: JsonRecord, type: ObjectType) {
    super();
    this.#record = record;
    this.#type = type;
  }

  override get objectName(): string {
    return this.#type.name;
  }

  get size(): number {
    return [...this.keys()].length;
  }

  get(key: Value): Value | undefined {
    const field = typeof key === 'string' ? this.#type.fields.get(key) : undefined;
    if (field === undefined || typeof key !== 'string') return undefined;
    const property = field.property ?? key;
    if (!Object.hasOwn(this.#record, property) || this.#record[property] === undefined) return undefined;
    return readJson(this.#record[property], field.type);
  }

  *keys(): Generator<Value> {
    for (const [name, { property = name }] of this.#type.fields)
      if (Object.hasOwn(this.#record, property) && this.#record[property] !== undefined) yield name;
  }
}

const maxDepth = 200;

/** Any value as plain JSON. Throws `CelError` for what JSON does not have: types, authorizers. */
export function toJson(value: Value, depth = 0): unknown {
  if (depth > maxDepth) throw new CelError('value is nested too deeply');
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return wholeToJson(value);
  if (value instanceof Uint) return wholeToJson(value.value);
  if (value instanceof ListValue) return [...value].map((item) => toJson(item, depth + 1));
  if (value instanceof MapValue) return mapToJson(value, depth);
  if (value instanceof Bytes) return Buffer.from(value.value).toString('base64');
  if (value instanceof Timestamp) return showTime(value);
  if (value instanceof Duration) return showDuration(value);
  if (value instanceof OptionalValue) return value.value === undefined ? null : toJson(value.value, depth + 1);
  throw new CelError(`${value instanceof TypeValue ? 'type' : value.typeName} cannot be converted to JSON`);
}

function wholeToJson(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : new NumberLiteral(String(value));
}

function mapToJson(value: MapValue, depth: number): JsonRecord {
  const entries: [string, unknown][] = [];
  for (const key of value.keys()) {
    if (typeof key !== 'string') throw new CelError('keys of JSON are strings');
    entries.push([key, toJson(value.get(key) ?? null, depth + 1)]);
  }
  return Object.fromEntries(entries);
}
