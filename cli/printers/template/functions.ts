/** The functions that templates can call, and how values look when printed: as in Go's text/template. */

import { compareKeys } from '../../../base/compare.ts';
import { TemplateError } from './lexer.ts';

type TemplateFunction = (...values: unknown[]) => unknown;

const functions = new Map<string, TemplateFunction>([
  ['and', (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1)],
  ['or', (...values) => values.find(isTrue) ?? values.at(-1)],
  ['not', (value) => !isTrue(value)],
  ['eq', (value, ...others) => others.some((other) => same(value, other))],
  ['ne', (a, b) => !same(a, b)],
  ['lt', (a, b) => compare(a, b) < 0],
  ['le', (a, b) => compare(a, b) <= 0],
  ['gt', (a, b) => compare(a, b) > 0],
  ['ge', (a, b) => compare(a, b) >= 0],
  ['len', lengthOf],
  ['index', (value, ...keys) => keys.reduce(elementOf, value)],
  ['print', (...values) => values.map(textOf).join('')],
  ['println', (...values) => `${values.map(textOf).join(' ')}\n`],
  ['printf', (format, ...values) => formatted(String(format), values)],
  ['html', (...values) => escapeHtml(values.map(textOf).join(''))],
  ['urlquery', (...values) => encodeURIComponent(values.map(textOf).join(''))],
]);

export function callFunction(name: string, values: readonly unknown[]): unknown {
  const called = functions.get(name);
  if (called !== undefined) return called(...values);
  throw new TemplateError(`function "${name}" not defined; there are: ${[...functions.keys()].join(', ')}`);
}

/** Go's idea of truth: not zero, not empty, not nil. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go prints it: `[a b]`, `map[key:value]`. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(compareKeys);
  return `map[${entries.map(([key, item]) => `${key}:${textOf(item)}`).join(' ')}]`;
}

function same(a: unknown, b: unknown): boolean {
  return (a ?? null) === (b ?? null);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  throw new TemplateError(`cannot compare ${textOf(a)} and ${textOf(b)}`);
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new TemplateError(`len of ${textOf(value)}`);
}

function elementOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index >= value.length) {
      throw new TemplateError(`index out of range: ${textOf(key)}`);
    }
    return value[index];
  }
  if (typeof value !== 'object' || value === null) throw new TemplateError(`cannot index ${textOf(value)}`);
  return Object.hasOwn(value, String(key)) ? Reflect.get(value, String(key)) : undefined;
}

/** `%s %v %d %q %%` and `%f`, with width: `%-20s`, `%5d`, `%.2f`. */
function formatted(format: string, values: readonly unknown[]): string {
  let next = 0;
  return format.replace(
    /%(-?)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (whole, left: string, width: string, digits: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      const text = verbText(verb, values[next++], digits, whole);
      return left === '-' ? text.padEnd(Number(width)) : text.padStart(Number(width));
    },
  );
}

function verbText(verb: string, value: unknown, digits: string | undefined, whole: string): string {
  switch (verb) {
    case 's':
    case 'v':
      return textOf(value);
    case 'd':
      return String(Math.trunc(Number(value)));
    case 'f':
      return Number(value).toFixed(digits === undefined ? 6 : Number(digits));
    case 'q':
      return JSON.stringify(textOf(value));
    default:
      throw new TemplateError(`${whole} is not supported in printf; there are %s %v %d %f %q`);
  }
}

function escapeHtml(text: string): string {
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}
