/** Builds the tree of a Go template. What is not supported is refused by name, never skipped. */

import { type Segment, splitTemplate, TemplateError, type Token } from './lexer.ts';

export type Expression =
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  | { readonly type: 'field'; readonly names: readonly string[] }
  | { readonly type: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly type: 'call'; readonly name: string; readonly arguments: readonly Expression[] };

/** `a | b | c`: each value becomes the last argument of the next call. */
export type Pipeline = readonly Expression[];

export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'print'; readonly pipeline: Pipeline }
  | { readonly type: 'assign'; readonly variable: string; readonly pipeline: Pipeline; readonly declares: boolean }
  | Block;

export interface Block {
  readonly type: 'if' | 'range' | 'with';
  readonly pipeline: Pipeline;
  /** `range $i, $item := …`: index and item, or the item alone. */
  readonly variables: readonly string[];
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

const unsupported = new Set(['template', 'define', 'block', 'break', 'continue']);

export function parseTemplate(source: string): TemplateNode[] {
  const parser = new Parser(splitTemplate(source));
  const nodes = parser.nodes();
  parser.expectEnd();
  return nodes;
}

class Parser {
  readonly #segments: readonly Segment[];
  #position = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** Everything up to `{{else}}`, `{{end}}` or the end. */
  nodes(): TemplateNode[] {
    const nodes: TemplateNode[] = [];
    for (let segment = this.#peek(); segment !== undefined; segment = this.#peek()) {
      if (segment.type === 'action' && ['else', 'end'].includes(keywordOf(segment.tokens))) break;
      this.#position += 1;
      nodes.push(segment.type === 'text' ? segment : this.#action(segment.tokens));
    }
    return nodes;
  }

  expectEnd(): void {
    const segment = this.#peek();
    if (segment !== undefined)
      throw new TemplateError(`unexpected {{${segment.type === 'action' ? segment.source : ''}}}`);
  }

  #peek(): Segment | undefined {
    return this.#segments[this.#position];
  }

  #action(tokens: readonly Token[]): TemplateNode {
    const keyword = keywordOf(tokens);
    if (unsupported.has(keyword)) throw new TemplateError(`{{${keyword}}} is not supported`);
    if (keyword === 'if' || keyword === 'range' || keyword === 'with') return this.#block(keyword, tokens.slice(1));
    const { variables, declares, rest } = assignment(tokens);
    const [variable, second] = variables;
    if (second !== undefined) throw new TemplateError('only range takes two variables');
    const pipeline = parsePipeline(rest);
    return variable === undefined ? { type: 'print', pipeline } : { type: 'assign', variable, pipeline, declares };
  }

  #block(type: Block['type'], tokens: readonly Token[]): Block {
    const { variables, rest } = assignment(tokens);
    const pipeline = parsePipeline(rest);
    const body = this.nodes();
    return { type, pipeline, variables, body, otherwise: this.#otherwise(type) };
  }

  /** After a body: `{{end}}`, `{{else}} … {{end}}`, or `{{else if …}}`. */
  #otherwise(type: Block['type']): TemplateNode[] {
    const segment = this.#segments[this.#position++];
    if (segment === undefined || segment.type === 'text') throw new TemplateError(`{{${type}}} without {{end}}`);
    if (keywordOf(segment.tokens) === 'end') return [];
    const [next, ...rest] = segment.tokens.slice(1);
    if (next?.type === 'word' && (next.word === 'if' || next.word === 'with')) return [this.#block(next.word, rest)];
    const nodes = this.nodes();
    const end = this.#segments[this.#position++];
    if (end?.type !== 'action' || keywordOf(end.tokens) !== 'end')
      throw new TemplateError(`{{${type}}} without {{end}}`);
    return nodes;
  }
}

function keywordOf([first]: readonly Token[]): string {
  return first?.type === 'word' ? first.word : '';
}

/** `$x := …`, `$x = …`, `$i, $x := …`: the variables, and what comes after. */
function assignment(tokens: readonly Token[]): { variables: string[]; declares: boolean; rest: readonly Token[] } {
  const at = tokens.findIndex((token) => token.type === 'sign' && (token.sign === ':=' || token.sign === '='));
  if (at < 0) return { variables: [], declares: false, rest: tokens };
  const variables = tokens.slice(0, at).flatMap((token) => (token.type === 'variable' ? [token.name] : []));
  const sign = tokens[at];
  return { variables, declares: sign?.type === 'sign' && sign.sign === ':=', rest: tokens.slice(at + 1) };
}

function parsePipeline(tokens: readonly Token[]): Pipeline {
  const commands = splitBy(tokens, '|').map(parseCommand);
  if (commands.some((command) => command === undefined)) throw new TemplateError('missing value in an action');
  return commands.flatMap((command) => command ?? []);
}

/** One command: a call with its arguments, or a value alone. */
function parseCommand(tokens: readonly Token[]): Expression | undefined {
  const operands = operandsOf(tokens);
  const [first, ...rest] = operands;
  if (first?.type === 'call' && tokens[0]?.type === 'word') return { ...first, arguments: rest };
  if (rest.length > 0) throw new TemplateError('only functions take arguments');
  return first;
}

function operandsOf(tokens: readonly Token[]): Expression[] {
  const operands: Expression[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (token.type === 'word') operands.push({ type: 'call', name: token.word, arguments: [] });
    else if (token.type !== 'sign') operands.push(token);
    else if (token.sign === '(') {
      const close = closingOf(tokens, index);
      const [inner, ...piped] = parsePipeline(tokens.slice(index + 1, close));
      if (inner === undefined) throw new TemplateError('missing value in an action');
      operands.push(piped.reduce(pipeInto, inner));
      index = close;
    } else throw new TemplateError(`unexpected "${token.sign}"`);
  }
  return operands;
}

function pipeInto(value: Expression, next: Expression): Expression {
  if (next.type !== 'call') throw new TemplateError('only functions can stand after "|"');
  return { ...next, arguments: [...next.arguments, value] };
}

function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.type !== 'sign') continue;
    if (token.sign === '(') depth += 1;
    if (token.sign === ')') depth -= 1;
    if (depth === 0) return index;
  }
  throw new TemplateError('unclosed "("');
}

/** Splits at `sign`, but not inside parentheses. */
function splitBy(tokens: readonly Token[], sign: '|'): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.type === 'sign' && token.sign === '(') depth += 1;
    if (token.type === 'sign' && token.sign === ')') depth -= 1;
    if (depth === 0 && token.type === 'sign' && token.sign === sign) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
