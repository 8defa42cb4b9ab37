/**
 * YAML as API servers read it: version 1.1 (yes, no, on and off are booleans, 010 is octal), the first document only,
 * and then nothing that JSON could not say. Aliases are copied out, so that no two places share an object; a document
 * that grows too much by them is refused.
 */

import yaml from 'js-yaml';
import { setOwn } from '../../api/json-record.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { maxDuplicates } from '../json/json.ts';
import { yamlErrorText } from './yaml-errors.ts';

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
  const { value, keys } = load(document);
  return { value: toJson(value, keys), duplicates: keys.duplicates };
}

interface Loaded {
  readonly value: unknown;
  readonly keys: MapKeys;
}

/** JSON mode: a repeated key is no error, it wins. */
function load(text: string): Loaded {
  const keys = new MapKeys();
  try {
    return { value: yaml.load(text, { ...options, listener: keys.listen }), keys };
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    const end = endOfClosed(error, text);
    if (end !== undefined) return load(text.slice(0, end));
    throw new YamlError(yamlErrorText(error, text));
  }
}

/** Where a document ends that closes itself, in brackets or quotes: nobody looks at what comes after it. */
function endOfClosed({ reason, mark }: yaml.YAMLException, text: string): number | undefined {
  const isOver = reason.startsWith('end of the stream or a document separator');
  const isClosed = /^(?:(?:[ \t]*#.*|%.*|[ \t]*|---)\r?\n)*(?:---\s+)?[[{"']/.test(text);
  const isMore = mark !== undefined && mark.position < text.length && text[mark.position] !== ':';
  return isOver && isClosed && isMore ? mark.position : undefined;
}

/** Directives, comments and one `---` may stand before the content; the next marker ends it, whatever follows. */
function firstDocument(text: string): string {
  const directives = text.slice(0, text.search(/^[^%#\s]/m) + 1);
  if (/^%YAML +(?!1\.1\s)/m.test(directives)) throw new YamlError('yaml: found incompatible YAML document');
  if (/^%(?!YAML\s|TAG\s)\w/m.test(directives)) throw new YamlError('yaml: found unknown directive name');
  if (/^(?:[ \t]*(?:#.*)?\r?\n)*\.\.\.(?=\s|$)/.test(text))
    throw new YamlError('yaml: did not find expected node content');
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

function isBase64(text: string): boolean {
  const plain = text.replaceAll(/\s/g, '');
  if (plain.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(plain)) return true;
  throw new YamlError('yaml: !!binary value contains invalid base64 data');
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
      // What is larger than any float is a text.
      (text) => specials.has(text) || (float.test(digits(text)) && Number.isFinite(Number(digits(text)))),
      (text) => specials.get(text) ?? Number(digits(text)),
    ),
    new yaml.Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: unknown) => text === '<<' }),
  ],
  explicit: [
    scalar('tag:yaml.org,2002:binary', isBase64, (text) => Buffer.from(text ?? '', 'base64').toString('utf8')),
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
class MapKeys {
  readonly duplicates: string[] = [];
  readonly #open: OpenNode[] = [];
  #anchors: Readonly<Record<string, unknown>> = {};

  /** The anchor of a node; undefined when it has none. */
  anchorOf(node: unknown): string | undefined {
    return Object.keys(this.#anchors).find((name) => this.#anchors[name] === node);
  }

  readonly listen = (event: yaml.EventType, state: yaml.State): void => {
    if (event === 'open') {
      this.#open.push({ keys: new Set(), valueNext: false });
      return;
    }
    this.#open.pop();
    // See there.
    this.#anchors = (state as AnchoredState).anchorMap ?? {};
    const around = this.#open.at(-1);
    if (around?.valueNext) around.valueNext = false;
    else if (around !== undefined && isBeforeColon(state)) this.#hearKey(around, state);
  };

  #hearKey(around: OpenNode, state: yaml.State): void {
    around.valueNext = true;
    const key: unknown = state.result;
    if (key === null) throw new YamlError('unsupported map key of type: %!s(<nil>), key: <nil>');
    if (typeof key === 'object') throw new YamlError(`yaml: invalid map key: ${goKey(key, { nodes: 100 })}`);
    const shown = JSON.stringify(key);
    if (key !== '<<' && around.keys.has(shown) && this.duplicates.length < maxDuplicates)
      this.duplicates.push(`line ${state.line + 1}: key ${shown} already set in map`);
    around.keys.add(shown);
  }
}

/** What js-yaml hands to listeners, beyond what its types say. */
type AnchoredState = yaml.State & { readonly anchorMap?: Readonly<Record<string, unknown>> };

/** A list or a map as Go prints it, but no more of it than `left`: aliases may make it endless. */
function goKey(value: unknown, left: { nodes: number }): string {
  left.nodes -= 1;
  if (left.nodes < 0) return '...';
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) {
    const items = value.slice(0, left.nodes + 1).map((item) => goKey(item, left));
    return `[]interface {}{${items.join(', ')}}`;
  }
  if (typeof value !== 'object') return JSON.stringify(value);
  const shown = Object.entries(value).slice(0, left.nodes + 1);
  const members = shown.map(([key, member]) => `${JSON.stringify(key)}:${goKey(member, left)}`);
  return `map[interface {}]interface {}{${members.join(', ')}}`;
}

const colon = /[ \t]*:(?=[\s,}\]"'{[]|$)/y;
/** After a quote or a bracket no space is needed. */
const colonAfterClosed = /[ \t]*:/y;

function isBeforeColon({ input, position }: yaml.State): boolean {
  const pattern = /["'\]}]/.test(input[position - 1] ?? '') ? colonAfterClosed : colon;
  pattern.lastIndex = position;
  // The parser ends its input with a NUL of its own.
  return pattern.test(input) || /^[ \t]*:\0$/.test(input.slice(position, position + 10));
}

/** How much larger than its text a document may become through aliases. */
const maxNodes = 500_000;

/** Copies shared nodes apart and refuses what JSON cannot say. */
function toJson(root: unknown, keys: MapKeys): unknown {
  let nodes = 0;
  const around = new Set<unknown>();
  const copy = (value: unknown): unknown => {
    nodes += 1;
    if (nodes > maxNodes) throw new YamlError('yaml: document contains excessive aliasing');
    if (typeof value === 'number') return jsonNumber(value);
    if (typeof value !== 'object' || value === null) return value;
    // Aliases can nest deeper than the text does.
    if (around.size > options.maxDepth) throw new YamlError('yaml: exceeded max depth');
    if (around.has(value)) throw new YamlError(`yaml: anchor '${keys.anchorOf(value) ?? ''}' value contains itself`);
    around.add(value);
    const result = Array.isArray(value) ? value.map(copy) : copyMap(value, copy);
    around.delete(value);
    return result;
  };
  return copy(root);
}

/** As JSON, maps have their keys sorted: what is wrong with them is told in that order. */
function copyMap(map: object, copy: (value: unknown) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)))
    setOwn(result, key, copy(member));
  return result;
}

function jsonNumber(value: number): number | NumberLiteral {
  if (Number.isSafeInteger(value)) return value;
  if (Number.isFinite(value)) return new NumberLiteral(String(value));
  const name = Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`;
  throw new YamlError(`json: unsupported value: ${name}`);
}
