/** How Go writes a character, a string or a whole value in its messages, which clients see in ours. */

import { compareKeys } from '../base/compare.ts';
import { NumberLiteral } from './number-literal.ts';

/** Go's quoting of the byte at which a parser stopped: `'x'`, `'\n'`, `'\''`. */
export function goCharacter(codePoint: number): string {
  if (codePoint === 0x27) return "'\\''";
  if (codePoint === 0x22) return "'\"'";
  // Parsers look at bytes: a character outside ASCII shows as its first byte.
  const byte = new TextEncoder().encode(String.fromCodePoint(codePoint))[0] ?? 0;
  return `'${goQuote(String.fromCharCode(byte)).slice(1, -1)}'`;
}

const named: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
// Everything that Go's %q does not print as it is: controls, formats, separators other than the plain space.
const unprintable = /[\p{C}\p{Z}\\"]/gu;

/** Go's `%q`: a string in double quotes with what is not printable escaped. */
export function goQuote(text: string): string {
  const escaped = text.replace(unprintable, (character) => {
    if (character === ' ') return character;
    const code = character.codePointAt(0) ?? 0;
    const short = named[character];
    if (short !== undefined) return short;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

/** Go's `%v` of a decoded JSON value: `map[a:1 b:[x y]]`, keys sorted. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof NumberLiteral) return value.text;
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).sort(compareKeys);
  return `map[${members.map(([key, member]) => `${key}:${goValue(member)}`).join(' ')}]`;
}
