/** The functions of an environment by name, each with its overloads: what they take, give and do. */

import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import type { CelType } from '../types/cel-type.ts';
import {
  Bytes,
  Duration,
  ListValue,
  MapValue,
  OpaqueValue,
  OptionalValue,
  runtimeNameOf,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';
import { readSignature, type Signature } from './signature.ts';

/**
 * What a function does, once its arguments have turned out to be of its types. Throws `CelError`. `budget` is for work
 * that upstream's count of costs does not see: lengths of text, comparisons in depth.
 */
export type Implementation = (args: readonly Value[], budget: Budget) => Value;

export interface Overload extends Signature {
  readonly run: Implementation;
  /** Whether values are of the types of its parameters. */
  readonly admits: (args: readonly Value[]) => boolean;
}

export type FunctionTable = ReadonlyMap<string, readonly Overload[]>;

/** The types whose values have an order. */
export const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'] as const;

/** Each signature with what it does. */
export type Declarations = readonly (readonly [signature: string, run: Implementation])[];

export function functionTable(...parts: readonly Declarations[]): FunctionTable {
  const table = new Map<string, Overload[]>();
  for (const [text, run] of parts.flat()) {
    const signature = readSignature(text);
    const tests = signature.parameters.map(testOf);
    const admits = (args: readonly Value[]): boolean =>
      args.length === tests.length && args.every((value, index) => tests[index]?.(value) === true);
    const known = table.get(signature.name) ?? [];
    known.push({ ...signature, run, admits });
    table.set(signature.name, known);
  }
  return table;
}

/** Lists and maps are known by what they hold first, as upstream knows them. */
function testOf(type: CelType): (value: Value) => boolean {
  switch (type.kind) {
    case 'dyn':
    case 'parameter':
      return () => true;
    case 'bool':
      return (value) => typeof value === 'boolean';
    case 'int':
      return (value) => typeof value === 'bigint';
    case 'double':
      return (value) => typeof value === 'number';
    case 'string':
      return (value) => typeof value === 'string';
    case 'null':
      return (value) => value === null;
    case 'uint':
      return (value) => value instanceof Uint;
    case 'bytes':
      return (value) => value instanceof Bytes;
    case 'timestamp':
      return (value) => value instanceof Timestamp;
    case 'duration':
      return (value) => value instanceof Duration;
    case 'type':
      return (value) => value instanceof TypeValue;
    case 'list': {
      // Of the lists in a list nothing is known before: `flatten` takes what is flat already.
      const test = type.element.kind === 'list' ? () => true : testOf(type.element);
      return (value) => value instanceof ListValue && (value.size === 0 || test(value.at(0)));
    }
    case 'map':
      return (value) => value instanceof MapValue;
    case 'opaque':
      if (type.name === 'optional_type') return (value) => value instanceof OptionalValue;
      return (value) => value instanceof OpaqueValue && value.typeName === type.name;
    default:
      return (value) => typeNameOf(value) === runtimeNameOf(type);
  }
}

export const noSuchOverload = (name: string, args: readonly Value[]): CelError =>
  new CelError(`no such overload: ${name}(${args.map(typeNameOf).join(', ')})`);

// Arguments are of the types of the signature: these only tell the compiler so.

export function text(value: Value | undefined): string {
  return typeof value === 'string' ? value : wrongArgument();
}

export function int(value: Value | undefined): bigint {
  return typeof value === 'bigint' ? value : wrongArgument();
}

export function list(value: Value | undefined): ListValue {
  return value instanceof ListValue ? value : wrongArgument();
}

/** A constructor may be abstract. */
type Class<T> = abstract new (...args: never[]) => T;

export function instance<T>(value: Value | undefined, type: Class<T>): T {
  return value instanceof type ? value : wrongArgument();
}

export function argument(value: Value | undefined): Value {
  return value === undefined ? wrongArgument() : value;
}

function wrongArgument(): never {
  throw new CelError('no such overload');
}
