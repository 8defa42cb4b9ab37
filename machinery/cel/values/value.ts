/**
 * Values of expressions while they run.
 *
 * | CEL                | here                                             |
 * |--------------------|--------------------------------------------------|
 * | null, bool, string | themselves                                       |
 * | int, double        | bigint, number                                   |
 * | uint, bytes, …     | a class of this file                             |
 * | list, map, object  | `ListValue`, `MapValue`: read lazily (`json.ts`) |
 * | what libraries add | `OpaqueValue`                                    |
 */

import { CelError } from '../cel-error.ts';
import type { CelType } from '../types/cel-type.ts';

export type Value =
  | null
  | boolean
  | string
  | bigint
  | number
  | Uint
  | Bytes
  | Timestamp
  | Duration
  | ListValue
  | MapValue
  | OptionalValue
  | TypeValue
  | OpaqueValue;

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export class Bytes {
  readonly value: Uint8Array;
  constructor(value: Uint8Array) {
    this.value = value;
  }
}

/** Billionths of a second since 1970. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** Billionths of a second. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export abstract class ListValue {
  abstract readonly size: number;
  /** Only for indices from 0 to `size` - 1. */
  abstract at(index: number): Value;
  /** Sets and lists with keys have their own equality and sum. */
  get identity(): 'set' | { readonly keys: readonly string[] } | undefined {
    return undefined;
  }

  *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.size; index += 1) yield this.at(index);
  }
}

/** A list that an expression made. */
export class ItemList extends ListValue {
  readonly items: readonly Value[];
  readonly #identity: ListValue['identity'];
  constructor(items: readonly Value[], identity?: ListValue['identity']) {
    super();
    this.items = items;
    this.#identity = identity;
  }

  override get identity(): ListValue['identity'] {
    return this.#identity;
  }

  get size(): number {
    return this.items.length;
  }

  at(index: number): Value {
    return this.items[index] ?? null;
  }
}

/** A map, or an object: then `objectName` is the name of its type, and its keys are its fields. */
export abstract class MapValue {
  abstract readonly size: number;
  get objectName(): string | undefined {
    return undefined;
  }
  abstract get(key: Value): Value | undefined;
  abstract keys(): Iterable<Value>;
  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }
}

/** A map or an object that an expression made. */
export class EntryMap extends MapValue {
  readonly #entries: ReadonlyMap<string | bigint | boolean, readonly [Value, Value]>;
  readonly #objectName: string | undefined;
  constructor(entries: ReadonlyMap<string | bigint | boolean, readonly [Value, Value]>, objectName?: string) {
    super();
    this.#entries = entries;
    this.#objectName = objectName;
  }

  override get objectName(): string | undefined {
    return this.#objectName;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    const known = mapKeyOf(key);
    return known === undefined ? undefined : this.#entries.get(known)?.[1];
  }

  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }
}

/** Equal keys have the same: whole numbers of any type are one. Undefined for what can be no key. */
export function mapKeyOf(key: Value): string | bigint | boolean | undefined {
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : undefined;
  if (key instanceof Uint) return key.value;
  return typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean' ? key : undefined;
}

export class OptionalValue {
  /** Undefined: none. */
  readonly value: Value | undefined;
  constructor(value?: Value) {
    this.value = value;
  }
}

export const none = new OptionalValue();

export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What only functions look into. */
export abstract class OpaqueValue {
  abstract readonly typeName: string;
  abstract equals(other: OpaqueValue): boolean;
  /** For what `size` would tell, were it asked: what calls cost depends on it. */
  get measure(): number {
    return 1;
  }
}

/** A type as the language shows it: `int`, `list`, `google.protobuf.Timestamp`. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    default:
  }
  if (value instanceof Uint) return 'uint';
  if (value instanceof Bytes) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof ListValue) return 'list';
  if (value instanceof MapValue) return value.objectName ?? 'map';
  if (value instanceof OptionalValue) return 'optional_type';
  return value instanceof TypeValue ? 'type' : value.typeName;
}

/** The name that `type(x)` has for a value of a type. */
export function runtimeNameOf(type: CelType): string {
  switch (type.kind) {
    case 'null':
      return 'null_type';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'object':
    case 'opaque':
    case 'parameter':
      return type.name;
    default:
      return type.kind;
  }
}

const maxInt = 2n ** 63n - 1n;
const minInt = -(2n ** 63n);
const maxUint = 2n ** 64n - 1n;

export const isInt = (value: bigint): boolean => value <= maxInt && value >= minInt;
export const isUint = (value: bigint): boolean => value >= 0n && value <= maxUint;

export function checkedInt(value: bigint): bigint {
  if (isInt(value)) return value;
  throw new CelError('integer overflow');
}

export function checkedUint(value: bigint): Uint {
  if (isUint(value)) return new Uint(value);
  throw new CelError('unsigned integer overflow');
}
