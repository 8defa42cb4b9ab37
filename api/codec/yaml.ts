/**
 * YAML as API servers read it: version 1.1 (yes, no, on and off are booleans, 010 is octal), the first document only,
 * and then nothing that JSON could not say. Aliases are copied out, so that no two places share an object; a document
 * that grows too much by them is refused.
 */

import yaml from 'js-yaml';
import { setOwn } from '../patch/record.ts';
import { maxDuplicates } from './json.ts';
import { NumberLiteral } from './number-literal.ts';

/** The text is not YAML, or says what JSON cannot. The message is ready to be shown. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

export interface ParsedYaml {
  readonly value: unknown;
  /** `line 7: key "a" already set in map`, in the order of the text. The last one wins. */
  readonly duplicates: readonly string[];
}

/** Parses the first document of a text; throws `YamlError`. */
export function parseYaml(text: string): ParsedYaml {
  const document = firstDocument(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  const duplicates = new DuplicateKeys();
  return { value: toJson(load(document, duplicates)), duplicates: duplicates.found };
}

/** JSON mode: a repeated key is no error, it wins. */
function load(text: string, duplicates: DuplicateKeys): unknown {
  try {
    return yaml.load(text, { ...options, listener: duplicates.listen });
  } catch (error) {
    if (error instanceof yaml.YAMLException) throw new YamlError(messageOf(error));
    throw error;
  }
}

function messageOf({ reason, mark }: yaml.YAMLException): string {
  return mark === undefined ? `yaml: ${reason}` : `yaml: line ${mark.line + 1}: ${reason}`;
}

/** Directives, comments and one `---` may stand before the content; the next marker ends it, whatever follows. */
function firstDocument(text: string): string {
  if (/^%YAML +(?!1\.1\s)/m.test(text.slice(0, text.search(/^[^%#\s]/m) + 1))) {
    throw new YamlError('yaml: found incompatible YAML document');
  }
  const start = /^(?:(?:[ \t]*#.*|%.*|[ \t]*)\r?\n)*---(?=\s|$)/.exec(text)?.[0].length ?? 0;
  const end = text.slice(start).search(/^(?:---|\.\.\.)(?=\s|$)/m);
  return end < 0 ? text : text.slice(0, start + end);
}

const scalar = (tag: string, resolve: (text: string) => boolean, construct: (text: string) => unknown): yaml.Type =>
  new yaml.Type(tag, {
    kind: 'scalar',
    resolve: (text: unknown) => resolve(typeof text === 'string' ? text : ''),
    construct,
  });

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const truths = ['y', 'yes', 'on', 'true'];
const untruths = ['n', 'no', 'off', 'false'];
const spellings = (words: readonly string[]): string[] =>
  words.flatMap((word) => [word, word.toUpperCase(), `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`]);
const booleans = new Map([
  ...spellings(truths).map((word) => [word, true] as const),
  ...spellings(untruths).map((word) => [word, false] as const),
]);
const specials = new Map([
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const integer = /^[+-]?(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const float = /^[+-]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][+-]?\d+)?$/;
/** Underscores between digits are decoration, but a word that begins with one is a word. */
const digits = (text: string): string => (/^[+\-.\d]/.test(text) ? text.replaceAll('_', '') : 'not a number');

function readInteger(text: string): number {
  const plain = digits(text);
  const sign = plain.startsWith('-') ? -1 : 1;
  const unsigned = plain.replace(/^[+-]/, '');
  return sign * Number(/^0\d/.test(unsigned) ? `0o${unsigned}` : unsigned.toLowerCase()) + 0;
}

const yaml11 = yaml.FAILSAFE_SCHEMA.extend({
  implicit: [
    scalar(
      'tag:yaml.org,2002:null',
      (text) => nulls.has(text),
      () => null,
    ),
    scalar(
      'tag:yaml.org,2002:bool',
      (text) => booleans.has(text),
      (text) => booleans.get(text),
    ),
    scalar('tag:yaml.org,2002:int', (text) => integer.test(digits(text)), readInteger),
    scalar(
      'tag:yaml.org,2002:float',
      (text) => specials.has(text) || float.test(digits(text)),
      (text) => specials.get(text) ?? Number(digits(text)),
    ),
    new yaml.Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: unknown) => text === '<<' }),
  ],
  explicit: [
    scalar(
      'tag:yaml.org,2002:binary',
      () => true,
      (text) => Buffer.from(text, 'base64').toString('utf8'),
    ),
    new yaml.Type('tag:yaml.org,2002:set', { kind: 'mapping' }),
    // Tags that only an application would know change nothing.
    ...(['scalar', 'sequence', 'mapping'] as const).flatMap((kind) =>
      ['!', 'tag:'].map((tag) => new yaml.Type(tag, { kind, multi: true, construct: (value: unknown) => value ?? '' })),
    ),
  ],
});

const options = { schema: yaml11, json: true, maxDepth: 400 };

/** The keys seen in a node that is still open, and whether what ends next in it is a key's value. */
interface OpenNode {
  readonly keys: Set<string>;
  valueNext: boolean;
}

/** Hears of every node as it begins and ends. Inside a mapping, keys and values take turns. */
class DuplicateKeys {
  readonly found: string[] = [];
  readonly #open: OpenNode[] = [];

  readonly listen = (event: yaml.EventType, state: yaml.State): void => {
    if (event === 'open') {
      this.#open.push({ keys: new Set(), valueNext: false });
      return;
    }
    this.#open.pop();
    const around = this.#open.at(-1);
    if (around?.valueNext) around.valueNext = false;
    else if (around !== undefined && isBeforeColon(state)) this.#hearKey(around, state);
  };

  #hearKey(around: OpenNode, state: yaml.State): void {
    around.valueNext = true;
    // Keys that are maps or lists have no text of their own.
    if (typeof state.result === 'object' && state.result !== null) return;
    const key = String(state.result);
    if (key !== '<<' && around.keys.has(key) && this.found.length < maxDuplicates) {
      this.found.push(`line ${state.line + 1}: key ${JSON.stringify(key)} already set in map`);
    }
    around.keys.add(key);
  }
}

const colon = /[ \t]*:(?=[\s,}\]"'{[]|$)/y;

function isBeforeColon({ input, position }: yaml.State): boolean {
  colon.lastIndex = position;
  // The parser ends its input with a NUL of its own.
  return colon.test(input) || /^[ \t]*:\0$/.test(input.slice(position, position + 10));
}

/** How much larger than its text a document may become through aliases. */
const maxNodes = 500_000;

/** Copies shared nodes apart and refuses what JSON cannot say. */
function toJson(root: unknown): unknown {
  let nodes = 0;
  const copy = (value: unknown, depth: number): unknown => {
    nodes += 1;
    if (nodes > maxNodes) throw new YamlError('yaml: document contains excessive aliasing');
    // Deeper than the parser goes: an anchor inside itself.
    if (depth > options.maxDepth) throw new YamlError('yaml: anchor value contains itself');
    if (typeof value === 'number') return jsonNumber(value);
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    const result: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      setOwn(result, key, copy(member, depth + 1));
    }
    return result;
  };
  return copy(root, 0);
}

function jsonNumber(value: number): number | NumberLiteral {
  if (Number.isSafeInteger(value)) return value;
  if (Number.isFinite(value)) return new NumberLiteral(String(value));
  const name = Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`;
  throw new YamlError(`json: unsupported value: ${name}`);
}
