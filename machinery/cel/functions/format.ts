/** `'%s has %d'.format([…])`: Go's verbs, as the extension for text has them. */

import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { plainDouble } from '../values/number-text.ts';
import { showDuration, showTime } from '../values/time.ts';
import {
  Bytes,
  Duration,
  ListValue,
  MapValue,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';

const verb = /%(?:%|(\.\d+)?([a-zA-Z])|)/g;
/** Digits behind the point when nothing is said. */
const usualPrecision = 6;
const maxPrecision = 100;

export function formatText(template: string, args: ListValue, budget: Budget): string {
  budget.work(template.length);
  let next = 0;
  const result = template.replace(verb, (found, precisionText: string | undefined, letter: string | undefined) => {
    if (found === '%%') return '%';
    if (letter === undefined) throw new CelError('could not parse formatting clause: unexpected end of format string');
    if (next >= args.size) throw new CelError(`index ${next} out of range`);
    const value = args.at(next);
    next += 1;
    const precision = precisionText === undefined ? usualPrecision : Number(precisionText.slice(1));
    if (precision > maxPrecision) throw new CelError(`precision ${precision} exceeds the maximum of ${maxPrecision}`);
    const shown = formatOne(letter, value, precision, budget);
    budget.work(shown.length);
    return shown;
  });
  return result;
}

function formatOne(letter: string, value: Value, precision: number, budget: Budget): string {
  switch (letter) {
    case 's':
      return shown(value, budget, 0);
    case 'd':
      return decimal(value);
    case 'f':
      return fixed(value, precision);
    case 'e':
      return scientific(value, precision);
    case 'b':
      return binary(value);
    case 'x':
      return hexadecimal(value, false);
    case 'X':
      return hexadecimal(value, true);
    case 'o':
      return wholeOf(value, 'octal').toString(8);
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${letter}"`);
  }
}

const maxDepth = 100;

function shown(value: Value, budget: Budget, depth: number): string {
  budget.work(1);
  if (depth > maxDepth) throw new CelError('value is nested too deeply');
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return showNumber(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Bytes) return new TextDecoder().decode(value.value);
  if (value instanceof Timestamp) return showTime(value);
  if (value instanceof Duration) return showDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof ListValue) return `[${[...value].map((one) => shown(one, budget, depth + 1)).join(', ')}]`;
  if (value instanceof MapValue) return shownMap(value, budget, depth);
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOf(value)}`,
  );
}

function shownMap(value: MapValue, budget: Budget, depth: number): string {
  const entries = [...value.keys()].map((key) => [shown(key, budget, depth), value.get(key) ?? null] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, one]) => `${key}: ${shown(one, budget, depth + 1)}`).join(', ')}}`;
}

const infinite = (value: number): string => (Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity');
const showNumber = (value: number): string => (Number.isFinite(value) ? plainDouble(value) : infinite(value));

function wholeOf(value: Value, clause: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  throw new CelError(
    `error during formatting: ${clause} clause can only be used on integers, was given ${typeNameOf(value)}`,
  );
}

function decimal(value: Value): string {
  if (typeof value === 'number') return showNumber(value);
  return String(wholeOf(value, 'decimal'));
}

function doubleOf(value: Value, clause: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  throw new CelError(
    `error during formatting: ${clause} clause can only be used on doubles, was given ${typeNameOf(value)}`,
  );
}

function fixed(value: Value, precision: number): string {
  const number = doubleOf(value, 'fixed-point');
  if (!Number.isFinite(number)) return infinite(number);
  return Math.abs(number) < 1e21 ? number.toFixed(precision) : `${plainDouble(number)}.${'0'.repeat(precision)}`;
}

function scientific(value: Value, precision: number): string {
  const number = doubleOf(value, 'scientific');
  if (!Number.isFinite(number)) return infinite(number);
  const [digits, exponent = '+0'] = number.toExponential(precision).split('e');
  return `${digits}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
}

function binary(value: Value): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'bigint' || value instanceof Uint) return wholeOf(value, 'binary').toString(2);
  throw new CelError(
    `error during formatting: only integers and bools can be formatted as binary, was given ${typeNameOf(value)}`,
  );
}

function hexadecimal(value: Value, isUpper: boolean): string {
  const text = hexadecimalOf(value);
  return isUpper ? text.toUpperCase() : text;
}

function hexadecimalOf(value: Value): string {
  if (typeof value === 'bigint' || value instanceof Uint) return wholeOf(value, 'hex').toString(16);
  const bytes =
    typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Bytes ? value.value : undefined;
  if (bytes === undefined)
    throw new CelError(
      `error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given ${typeNameOf(value)}`,
    );
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
