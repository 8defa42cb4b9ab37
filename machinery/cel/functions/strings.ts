/** The extension for text: `charAt`, `split`, `replace`, and the others. Places are counted in characters. */

import type { Budget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { charactersOf, countCharacters, sliceCharacters } from '../values/characters.ts';
import { ItemList, type ListValue, type Value } from '../values/value.ts';
import { formatText } from './format.ts';
import { type Declarations, int, list, text } from './function-table.ts';

function charAt(subject: string, index: bigint, budget: Budget): string {
  const characters = charactersOf(subject, budget);
  if (index < 0n || index > BigInt(characters.length)) throw new CelError(`index out of range: ${index}`);
  return characters[Number(index)] ?? '';
}

function indexOf(subject: string, part: string, from: bigint, budget: Budget): bigint {
  const characters = charactersOf(subject, budget);
  if (from < 0n || from > BigInt(characters.length)) throw new CelError(`index out of range: ${from}`);
  if (part === '') return from;
  const start = sliceCharacters(subject, 0, Number(from), budget).length;
  budget.work(subject.length);
  const at = subject.indexOf(part, start);
  return at < 0 ? -1n : BigInt(countCharacters(subject.slice(0, at), budget));
}

function lastIndexOf(subject: string, part: string, from: bigint | undefined, budget: Budget): bigint {
  const size = BigInt(charactersOf(subject, budget).length);
  if (from !== undefined && (from < 0n || from > size)) throw new CelError(`index out of range: ${from}`);
  if (part === '') return from ?? size;
  if (BigInt(countCharacters(part, budget)) > size) return -1n;
  const start = from === undefined ? subject.length : sliceCharacters(subject, 0, Number(from), budget).length;
  const at = subject.lastIndexOf(part, start);
  return at < 0 ? -1n : BigInt(countCharacters(subject.slice(0, at), budget));
}

function substring(subject: string, from: bigint, to: bigint | undefined, budget: Budget): string {
  const size = BigInt(charactersOf(subject, budget).length);
  const end = to ?? size;
  if (to !== undefined && from > to) throw new CelError(`invalid substring range. start: ${from}, end: ${to}`);
  if (from < 0n || from > size) throw new CelError(`index out of range: ${from}`);
  if (end < 0n || end > size) throw new CelError(`index out of range: ${end}`);
  return sliceCharacters(subject, Number(from), Number(end), budget);
}

/** `limit` below zero: all of them. */
function replace(subject: string, part: string, by: string, limit: bigint, budget: Budget): string {
  if (limit === 0n) return subject;
  const most = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  const pieces = part === '' ? surrounded(subject, most, budget) : piecesOf(subject, part, most + 1, budget);
  return joined(pieces, by, budget);
}

/** Nothing stands before each character and after the last. */
function surrounded(subject: string, most: number, budget: Budget): string[] {
  const characters = Array.from(charactersOf(subject, budget));
  const count = Math.min(most, characters.length + 1);
  return ['', ...characters.slice(0, count - 1), characters.slice(count - 1).join('')];
}

function piecesOf(subject: string, part: string, most: number, budget: Budget): string[] {
  budget.work(subject.length);
  const pieces: string[] = [];
  let start = 0;
  while (pieces.length < most - 1) {
    const at = subject.indexOf(part, start);
    if (at < 0) break;
    pieces.push(subject.slice(start, at));
    start = at + part.length;
  }
  pieces.push(subject.slice(start));
  return pieces;
}

function split(subject: string, separator: string, limit: bigint, budget: Budget): ListValue {
  if (limit === 0n) return new ItemList([]);
  const most = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  if (separator !== '') return new ItemList(piecesOf(subject, separator, most, budget));
  const characters = Array.from(charactersOf(subject, budget));
  if (characters.length <= most) return new ItemList(characters);
  return new ItemList([...characters.slice(0, most - 1), characters.slice(most - 1).join('')]);
}

/** No text gets longer than this. */
const longestText = 16 * 1024 * 1024;

function joined(pieces: readonly string[], separator: string, budget: Budget): string {
  const size = pieces.reduce((sum, piece) => sum + piece.length + separator.length, 0);
  budget.work(size);
  if (size > longestText) throw new CelError('string is too long');
  return pieces.join(separator);
}

function join(items: ListValue, separator: string, budget: Budget): string {
  return joined([...items].map(text), separator, budget);
}

const lower = (subject: string): string => subject.replace(/[A-Z]+/g, (part) => part.toLowerCase());
const upper = (subject: string): string => subject.replace(/[a-z]+/g, (part) => part.toUpperCase());
/** What Unicode calls white space, without JavaScript's byte order mark and with the next-line sign. */
const leading = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

function trim(subject: string): string {
  const rest = subject.replace(leading, '');
  let end = rest.length;
  while (end > 0 && leading.test(rest.charAt(end - 1))) end -= 1;
  return rest.slice(0, end);
}

const quoted: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be shown otherwise.
const toQuote = /[\u0007\b\f\n\r\t\v\\"]/g;
const quote = (subject: string): string => `"${subject.replace(toQuote, (one) => quoted[one] ?? one)}"`;

function measured(value: Value | undefined, budget: Budget): string {
  const subject = text(value);
  budget.work(subject.length);
  return subject;
}

export const strings: Declarations = [
  ['string.charAt(int): string', ([a, b], budget) => charAt(text(a), int(b), budget)],
  ['string.indexOf(string): int', ([a, b], budget) => indexOf(text(a), text(b), 0n, budget)],
  ['string.indexOf(string, int): int', ([a, b, c], budget) => indexOf(text(a), text(b), int(c), budget)],
  ['string.lastIndexOf(string): int', ([a, b], budget) => lastIndexOf(text(a), text(b), undefined, budget)],
  ['string.lastIndexOf(string, int): int', ([a, b, c], budget) => lastIndexOf(text(a), text(b), int(c), budget)],
  ['string.lowerAscii(): string', ([a], budget) => lower(measured(a, budget))],
  ['string.upperAscii(): string', ([a], budget) => upper(measured(a, budget))],
  ['string.replace(string, string): string', ([a, b, c], budget) => replace(text(a), text(b), text(c), -1n, budget)],
  [
    'string.replace(string, string, int): string',
    ([a, b, c, d], budget) => replace(text(a), text(b), text(c), int(d), budget),
  ],
  ['string.split(string): list(string)', ([a, b], budget) => split(text(a), text(b), -1n, budget)],
  ['string.split(string, int): list(string)', ([a, b, c], budget) => split(text(a), text(b), int(c), budget)],
  ['string.substring(int): string', ([a, b], budget) => substring(text(a), int(b), undefined, budget)],
  ['string.substring(int, int): string', ([a, b, c], budget) => substring(text(a), int(b), int(c), budget)],
  ['string.trim(): string', ([a], budget) => trim(measured(a, budget))],
  ['string.format(list(dyn)): string', ([a, b], budget) => formatText(text(a), list(b), budget)],
  ['list(string).join(): string', ([a], budget) => join(list(a), '', budget)],
  ['list(string).join(string): string', ([a, b], budget) => join(list(a), text(b), budget)],
  ['strings.quote(string): string', ([a], budget) => quote(measured(a, budget))],
];
