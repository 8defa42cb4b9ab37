/**
 * JSON as API servers read it: the texts of Go's parser for what is wrong, duplicate keys named by their path, and
 * numbers that never lose a digit. Not a validator: what the fields mean is the schema's business.
 *
 * Numbers: a whole number within ±2^53 becomes a `number`. Every other literal (`1.0`, `1e3`, 20 digits) becomes a
 * `NumberLiteral`, which keeps its text, because integers refuse such texts, quantities keep them, and floats read them.
 */

import { goCharacter } from '../../api/go-text.ts';
import { setOwn } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { Turns } from '../../base/turns.ts';
import { JsonPlaces } from './json-places.ts';

/** Deeper nesting is refused. Go's own limit is 10,000; this one keeps every recursive walk well inside the stack. */
export const maxDepth = 1000;

/** More duplicate keys than these are not named; upstream names as many. */
export const maxDuplicates = 100;

/** The text is not JSON. The message is Go's, to be wrapped by whoever asked for the parse. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

export interface ParsedJson {
  readonly value: unknown;
  /** Paths of keys that stand twice in one object (`spec.ports[0].name`), in the order of the text, 100 at most. The last one wins. */
  readonly duplicates: readonly string[];
  /** Where its keys stand; only for a text with duplicates. */
  readonly places?: JsonPlaces;
}

/** Parses one JSON text; throws `JsonError`. */
export function parseJson(text: string): ParsedJson {
  const parsed = new Reader(text).read();
  if (parsed.duplicates.length === 0) return parsed;
  const places = new JsonPlaces();
  return { ...new Reader(text, places).read(), places };
}

/** So many values take much less than a turn. */
const valuesAtOnce = 1000;

/** The same of a text that may be long, in turns, so that others go on meanwhile; which keys stand twice is not told. */
export async function parseJsonInTurns(text: string, turns = new Turns()): Promise<unknown> {
  const reader = new Reader(text);
  reader.begin();
  while (reader.advance(valuesAtOnce)) await turns.pause();
  return reader.end().value;
}

/** What Go calls a value's type in its errors: `cannot unmarshal number into …`. */
export function jsonTypeName(value: unknown): 'null' | 'array' | 'object' | 'string' | 'number' | 'bool' {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' || value instanceof NumberLiteral ? 'number' : 'object';
}

/** An object or array that is being filled. `key` is the one whose value comes next, or the next index. */
interface Frame {
  readonly container: Record<string, unknown> | unknown[];
  key: string | number;
}

const literals = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;
const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const integerPattern = /^-?\d+$/;

/** One pass over the text, with its own stack, so that depth costs no recursion. */
class Reader {
  readonly #text: string;
  readonly #stack: Frame[] = [];
  readonly #duplicates = new Set<string>();
  readonly #places: JsonPlaces | undefined;
  #at = 0;
  /** What was read last, and is in no container yet. */
  #value: unknown;

  constructor(text: string, places?: JsonPlaces) {
    this.#text = text;
    this.#places = places;
  }

  read(): ParsedJson {
    this.begin();
    this.advance(Number.POSITIVE_INFINITY);
    return this.end();
  }

  begin(): void {
    this.#value = this.#readValue();
  }

  /** Reads so many values more; false: there are none left. */
  advance(values: number): boolean {
    let value = this.#value;
    // Each round places one finished value in the container around it.
    for (let left = values; left > 0; left -= 1) {
      const frame = this.#stack.at(-1);
      if (frame === undefined) break;
      if (value !== opened) this.#place(frame, value);
      value = this.#next(frame, value === opened);
    }
    this.#value = value;
    return this.#stack.length > 0;
  }

  end(): ParsedJson {
    if (this.#skipSpace() !== undefined) throw this.#unexpected('after top-level value');
    return { value: this.#value, duplicates: [...this.#duplicates] };
  }

  /** The next value inside `frame`, `opened` for a container that was just begun, or `frame` itself when it ends. */
  #next(frame: Frame, first: boolean): unknown {
    return Array.isArray(frame.container) ? this.#nextItem(frame, first) : this.#nextMember(frame, first);
  }

  #nextItem(frame: Frame, first: boolean): unknown {
    const character = this.#skipSpace();
    if (character === ']') return this.#close(frame);
    if (!first) {
      if (character !== ',') throw this.#unexpected('after array element');
      this.#at += 1;
    }
    return this.#readValue();
  }

  #nextMember(frame: Frame, first: boolean): unknown {
    let character = this.#skipSpace();
    if (character === '}') return this.#close(frame);
    if (!first) {
      if (character !== ',') throw this.#unexpected('after object key:value pair');
      this.#at += 1;
      character = this.#skipSpace();
    }
    if (character !== '"') throw this.#unexpected('looking for beginning of object key string');
    const offset = this.#at;
    frame.key = this.#readString();
    this.#places?.note(frame.container, frame.key, offset);
    if (this.#skipSpace() !== ':') throw this.#unexpected('after object key');
    this.#at += 1;
    return this.#readValue();
  }

  #close(frame: Frame): unknown {
    this.#at += 1;
    this.#stack.pop();
    return frame.container;
  }

  #place(frame: Frame, value: unknown): void {
    const { container, key } = frame;
    if (Array.isArray(container)) {
      container.push(value);
      frame.key = container.length;
      return;
    }
    if (Object.hasOwn(container, key)) this.#noteDuplicate();
    setOwn(container, String(key), value);
  }

  #noteDuplicate(): void {
    if (this.#duplicates.size < maxDuplicates) this.#duplicates.add(pathOf(this.#stack));
  }

  #readValue(): unknown {
    switch (this.#skipSpace()) {
      case undefined:
        throw this.#ended();
      case '"':
        return this.#readString();
      case '{':
        return this.#open({ container: {}, key: '' });
      case '[':
        return this.#open({ container: [], key: 0 });
      default:
        return this.#readScalar();
    }
  }

  #open(frame: Frame): typeof opened {
    if (this.#stack.length >= maxDepth) throw new JsonError('exceeded max depth');
    this.#at += 1;
    this.#stack.push(frame);
    return opened;
  }

  #readScalar(): unknown {
    for (const [word, value] of literals) {
      if (this.#text[this.#at] === word[0]) return this.#readWord(word, value);
    }
    numberPattern.lastIndex = this.#at;
    const [text] = numberPattern.exec(this.#text) ?? [];
    if (text === undefined) throw this.#brokenNumber();
    this.#at += text.length;
    this.#checkNumberEnd(text);
    const number = Number(text);
    return integerPattern.test(text) && Number.isSafeInteger(number) ? number + 0 : new NumberLiteral(text);
  }

  #readWord(word: string, value: unknown): unknown {
    for (const character of word) {
      if (this.#text[this.#at] !== character) {
        throw this.#unexpected(`in literal ${word} (expecting '${character}')`);
      }
      this.#at += 1;
    }
    return value;
  }

  /** `1.` and `1e` match as far as `1`: what follows tells which part is broken. */
  #checkNumberEnd(text: string): void {
    const character = this.#text[this.#at];
    const exponent = character === 'e' || character === 'E';
    if (character === '.' && integerPattern.test(text)) {
      this.#at += 1;
      throw this.#unexpected('after decimal point in numeric literal');
    }
    if (exponent && !/[eE]/.test(text)) {
      this.#at += /[+-]/.test(this.#text[this.#at + 1] ?? '') ? 2 : 1;
      throw this.#unexpected('in exponent of numeric literal');
    }
  }

  #brokenNumber(): JsonError {
    if (this.#text[this.#at] !== '-') return this.#unexpected('looking for beginning of value');
    this.#at += 1;
    return this.#unexpected('in numeric literal');
  }

  #readString(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c || code < 0x20 || Number.isNaN(code)) return this.#readEscapedString(start, at);
      at += 1;
    }
    this.#at = at + 1;
    return text.slice(start, at);
  }

  #readEscapedString(start: number, firstSpecial: number): string {
    const parts = [this.#text.slice(start, firstSpecial)];
    this.#at = firstSpecial;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#ended();
      if (character === '"') break;
      if (character < ' ') throw this.#unexpected('in string literal');
      parts.push(character === '\\' ? this.#readEscape() : this.#readPlainRun());
    }
    this.#at += 1;
    // Only an escape can make half of a surrogate pair; Go reads such a half as the replacement character.
    return parts.join('').replace(/\p{Surrogate}/gu, '\uFFFD');
  }

  #readPlainRun(): string {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (!(code >= 0x20) || code === 0x22 || code === 0x5c) return this.#text.slice(start, this.#at);
      this.#at += 1;
    }
  }

  #readEscape(): string {
    this.#at += 1;
    const character = this.#text[this.#at];
    if (character === 'u') return this.#readUnicodeEscape();
    if (character === undefined || !'"\\/bfnrt'.includes(character)) throw this.#unexpected('in string escape code');
    this.#at += 1;
    return escapes[character] ?? character;
  }

  #readUnicodeEscape(): string {
    this.#at += 1;
    const start = this.#at;
    for (; this.#at < start + 4; this.#at += 1) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) {
        throw this.#unexpected('in \\u hexadecimal character escape');
      }
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  /** The next character that is not white space, not consumed. */
  #skipSpace(): string | undefined {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return this.#text[this.#at];
      this.#at += 1;
    }
  }

  #unexpected(where: string): JsonError {
    const code = this.#text.codePointAt(this.#at);
    return code === undefined ? this.#ended() : new JsonError(`invalid character ${goCharacter(code)} ${where}`);
  }

  #ended(): JsonError {
    return new JsonError('unexpected end of JSON input');
  }
}

/** Stands for "a container was begun": its members come next. */
const opened = Symbol('opened');

function pathOf(stack: readonly Frame[]): string {
  return stack.reduce((path, { key }) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}
