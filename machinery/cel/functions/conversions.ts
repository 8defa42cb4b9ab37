/** From one type to another, sizes, types of values, and the parts of times: the base of the language. */

import { matchesPattern, patternProblem, patternWork } from '../../patterns.ts';
import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { countCharacters } from '../values/characters.ts';
import { readDouble, readWhole, showDouble } from '../values/number-text.ts';
import {
  checkedDuration,
  checkedTime,
  type Moment,
  momentOf,
  readDuration,
  readTime,
  secondsOf,
  showDuration,
  showTime,
} from '../values/time.ts';
import {
  Bytes,
  Duration,
  isInt,
  isUint,
  MapValue,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';
import { argument, type Declarations, instance, int, list, text } from './function-table.ts';

const cannotConvert = (value: Value | undefined, to: string): CelError =>
  new CelError(`type conversion error from '${typeNameOf(argument(value))}' to '${to}'`);

function toInt(value: bigint): bigint {
  if (!isInt(value)) throw new CelError('integer overflow');
  return value;
}

function toUint(value: bigint): Uint {
  if (!isUint(value)) throw new CelError('unsigned integer overflow');
  return new Uint(value);
}

const double = (value: Value | undefined): number => (typeof value === 'number' ? value : Number.NaN);

/** What a whole number can be made of lies strictly between these. */
function truncated(value: number, low: number, high: number, problem: string): bigint {
  if (Number.isNaN(value) || value <= low || value >= high) throw new CelError(problem);
  return BigInt(Math.trunc(value));
}

const integers: Declarations = [
  ['int(int): int', ([a]) => int(a)],
  ['int(uint): int', ([a]) => toInt(instance(a, Uint).value)],
  ['int(double): int', ([a]) => truncated(double(a), -(2 ** 63), 2 ** 63, 'integer overflow')],
  ['int(string): int', ([a]) => readIn(a, 'int', readWhole, isInt)],
  ['int(timestamp): int', ([a]) => secondsOf(instance(a, Timestamp))],
  ['int(duration): int', ([a]) => instance(a, Duration).nanos],
  ['uint(uint): uint', ([a]) => instance(a, Uint)],
  ['uint(int): uint', ([a]) => toUint(int(a))],
  ['uint(double): uint', ([a]) => new Uint(truncated(double(a), -1, 2 ** 64, 'unsigned integer overflow'))],
  ['uint(string): uint', ([a]) => new Uint(readIn(a, 'uint', readUnsigned, isUint))],
  ['double(double): double', ([a]) => double(a)],
  ['double(int): double', ([a]) => Number(int(a))],
  ['double(uint): double', ([a]) => Number(instance(a, Uint).value)],
  ['double(string): double', ([a]) => readIn(a, 'double', readDouble, () => true)],
];

const readUnsigned = (from: string): bigint | undefined => (/^[+-]/.test(from) ? undefined : readWhole(from));

function readIn<T>(
  value: Value | undefined,
  to: string,
  read: (from: string) => T | undefined,
  isRight: (result: T) => boolean,
): T {
  const result = read(text(value));
  if (result === undefined || !isRight(result)) throw cannotConvert(value, to);
  return result;
}

function readBool(from: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(from)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(from) ? false : undefined;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Bytes, budget: Budget): string {
  budget.work(bytes.value.length);
  try {
    return strict.decode(bytes.value);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

const texts: Declarations = [
  ['string(string): string', ([a]) => text(a)],
  ['string(bool): string', ([a]) => String(a)],
  ['string(int): string', ([a]) => String(int(a))],
  ['string(uint): string', ([a]) => String(instance(a, Uint).value)],
  ['string(double): string', ([a]) => showDouble(double(a))],
  ['string(bytes): string', ([a], budget) => decode(instance(a, Bytes), budget)],
  ['string(timestamp): string', ([a]) => showTime(instance(a, Timestamp))],
  ['string(duration): string', ([a]) => showDuration(instance(a, Duration))],
  ['bytes(bytes): bytes', ([a]) => instance(a, Bytes)],
  ['bytes(string): bytes', ([a]) => new Bytes(new TextEncoder().encode(text(a)))],
  ['bool(bool): bool', ([a]) => a === true],
  ['bool(string): bool', ([a]) => readIn(a, 'bool', readBool, () => true)],
  ['dyn(A): dyn', ([a]) => argument(a)],
  ['type(A): type(A)', ([a]) => new TypeValue(typeNameOf(argument(a)))],
];

const times: Declarations = [
  ['timestamp(timestamp): timestamp', ([a]) => instance(a, Timestamp)],
  ['timestamp(int): timestamp', ([a]) => checkedTime(int(a) * 1_000_000_000n)],
  ['timestamp(string): timestamp', ([a]) => checkedTime(readIn(a, 'google.protobuf.Timestamp', readTime, () => true))],
  ['duration(duration): duration', ([a]) => instance(a, Duration)],
  ['duration(int): duration', ([a]) => checkedDuration(int(a))],
  [
    'duration(string): duration',
    ([a]) => checkedDuration(readIn(a, 'google.protobuf.Duration', readDuration, () => true)),
  ],
];

const sizes: Declarations = (['size(X): int', 'X.size(): int'] as const).flatMap((form) => [
  [form.replace('X', 'string'), ([a], budget) => BigInt(countCharacters(text(a), budget))] as const,
  [form.replace('X', 'bytes'), ([a]) => BigInt(instance(a, Bytes).value.length)] as const,
  [form.replace('X', 'list(A)'), ([a]) => BigInt(list(a).size)] as const,
  [form.replace('X', 'map(A, B)'), ([a]) => BigInt(instance(a, MapValue).size)] as const,
]);

function matches(subject: string, pattern: string, budget: Budget): boolean {
  budget.work(patternWork(pattern, subject));
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw new CelError(problem);
  return matchesPattern(pattern, subject);
}

const ofText: Declarations = [
  ['string.contains(string): bool', ([a, b], budget) => spent(a, budget).includes(text(b))],
  ['string.startsWith(string): bool', ([a, b]) => text(a).startsWith(text(b))],
  ['string.endsWith(string): bool', ([a, b]) => text(a).endsWith(text(b))],
  ['string.matches(string): bool', ([a, b], budget) => matches(text(a), text(b), budget)],
  ['matches(string, string): bool', ([a, b], budget) => matches(text(a), text(b), budget)],
];

function spent(value: Value | undefined, budget: Budget): string {
  const subject = text(value);
  budget.work(subject.length);
  return subject;
}

const parts: readonly (readonly [name: string, part: (moment: Moment) => number])[] = [
  ['getFullYear', ({ year }) => year],
  ['getMonth', ({ month }) => month],
  ['getDayOfYear', ({ dayOfYear }) => dayOfYear],
  ['getDayOfMonth', ({ day }) => day - 1],
  ['getDate', ({ day }) => day],
  ['getDayOfWeek', ({ dayOfWeek }) => dayOfWeek],
  ['getHours', ({ hours }) => hours],
  ['getMinutes', ({ minutes }) => minutes],
  ['getSeconds', ({ seconds }) => seconds],
  ['getMilliseconds', ({ milliseconds }) => milliseconds],
];

const ofTimes: Declarations = parts.flatMap(([name, part]) => [
  [`timestamp.${name}(): int`, ([a]) => BigInt(part(momentOf(instance(a, Timestamp), undefined)))] as const,
  [
    `timestamp.${name}(string): int`,
    ([a, zone]) => BigInt(part(momentOf(instance(a, Timestamp), text(zone)))),
  ] as const,
]);

const ofDurations: Declarations = [
  ['duration.getHours(): int', ([a]) => instance(a, Duration).nanos / 3_600_000_000_000n],
  ['duration.getMinutes(): int', ([a]) => instance(a, Duration).nanos / 60_000_000_000n],
  ['duration.getSeconds(): int', ([a]) => instance(a, Duration).nanos / 1_000_000_000n],
  ['duration.getMilliseconds(): int', ([a]) => (instance(a, Duration).nanos / 1_000_000n) % 1000n],
];

export const conversions: Declarations = [
  ...integers,
  ...texts,
  ...times,
  ...sizes,
  ...ofText,
  ...ofTimes,
  ...ofDurations,
];
