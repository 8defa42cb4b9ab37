/** What literals say: numbers with their range, text and bytes with their escapes. */

import { Bytes, Uint, type Value } from '../values/value.ts';
import type { Token } from './lexer.ts';

export type ReadLiteral = { readonly value: Value } | { readonly problem: string };

const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;

export function readNumber({ kind, text }: Token, isNegative: boolean): ReadLiteral {
  const signed = isNegative ? `-${text}` : text;
  if (kind === 'float') {
    const value = Number(signed);
    return Number.isFinite(value) ? { value } : { problem: 'invalid double literal' };
  }
  const magnitude = BigInt(text.replace(/[uU]$/, ''));
  if (kind === 'uint')
    return magnitude > maxUint ? { problem: 'invalid uint literal' } : { value: new Uint(magnitude) };
  const value = isNegative ? -magnitude : magnitude;
  return value > maxInt || value < -maxInt - 1n ? { problem: 'invalid int literal' } : { value };
}

export function readText({ kind, text }: Token): ReadLiteral {
  const [, prefix = '', quotes = ''] = /^([bBrR]*)("""|'''|"|')/.exec(text) ?? [];
  const inner = text.slice(prefix.length + quotes.length, text.length - quotes.length).replace(/\r\n?/g, '\n');
  if (kind === 'string') return readCharacters(inner, /[rR]/.test(prefix));
  const bytes: number[] = [];
  for (const part of partsOf(inner, /[rR]/.test(prefix)))
    bytes.push(...(part.isByte ? [part.code] : new TextEncoder().encode(String.fromCodePoint(part.code))));
  return { value: new Bytes(Uint8Array.from(bytes)) };
}

function readCharacters(inner: string, isRaw: boolean): ReadLiteral {
  const characters: string[] = [];
  for (const { code } of partsOf(inner, isRaw)) {
    if (code > 0x10_ffff || (code >= 0xd800 && code < 0xe000)) return { problem: 'invalid unicode code point' };
    characters.push(String.fromCodePoint(code));
  }
  return { value: characters.join('') };
}

interface Part {
  readonly code: number;
  /** In bytes, what hexadecimal and octal escapes say is one byte; in text, one character. */
  readonly isByte: boolean;
}

const plainEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const part = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))|([\s\S])/gu;

function* partsOf(inner: string, isRaw: boolean): Generator<Part> {
  if (isRaw) {
    for (const character of inner) yield { code: character.codePointAt(0) ?? 0, isByte: false };
    return;
  }
  for (const [, hex, short, long, octal, escaped, plain] of inner.matchAll(part)) {
    const number = hex ?? short ?? long;
    if (number !== undefined) yield { code: Number.parseInt(number, 16), isByte: hex !== undefined };
    else if (octal !== undefined) yield { code: Number.parseInt(octal, 8), isByte: true };
    else {
      const text = plain ?? (escaped === undefined ? '' : (plainEscapes[escaped] ?? escaped));
      yield { code: text.codePointAt(0) ?? 0, isByte: false };
    }
  }
}
