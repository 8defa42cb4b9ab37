/**
 * The paths by which definitions point into objects (`.status.conditions[?(@.type=="Ready")].status`): the first value
 * that is found. Parsed once, in linear time; a path finds without backtracking into what it has left. Pure.
 */

import { isRecord, own } from '../../api/json-record.ts';

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly at: number }
  | { readonly type: 'all' }
  | { readonly type: 'filter'; readonly path: readonly Step[]; readonly operator: Operator; readonly literal: Literal };

type Operator = 'exists' | '==' | '!=' | '<=' | '>=' | '<' | '>';
type Literal = string | number | boolean | undefined;

/** What stands at the path; undefined: nothing. */
export type JsonPath = (value: unknown) => unknown;

/** Undefined: it is no such path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = new PathReader(text).read();
  return steps && ((value) => first(find(steps, 0, value)));
}

const first = (values: Iterable<unknown>): unknown => {
  for (const value of values) return value;
  return undefined;
};

function* find(steps: readonly Step[], from: number, value: unknown): Generator<unknown> {
  const step = steps[from];
  if (step === undefined) {
    if (value !== undefined) yield value;
    return;
  }
  for (const child of take(step, value)) yield* find(steps, from + 1, child);
}

function take(step: Step, value: unknown): readonly unknown[] {
  switch (step.type) {
    case 'field':
      return isRecord(value) ? [own(value, step.name)] : [];
    case 'index':
      return Array.isArray(value) ? [value.at(step.at)] : [];
    case 'all':
      return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => matches(step, item)) : [];
  }
}

function matches({ path, operator, literal }: Step & { type: 'filter' }, item: unknown): boolean {
  const value = first(find(path, 0, item));
  if (operator === 'exists') return value !== undefined;
  if (value === undefined) return false;
  if (operator === '==') return value === literal;
  if (operator === '!=') return value !== literal;
  const areComparable =
    (typeof value === 'string' && typeof literal === 'string') ||
    (typeof value === 'number' && typeof literal === 'number');
  if (!areComparable) return false;
  if (value === literal) return operator.endsWith('=');
  return value < literal === operator.startsWith('<');
}

const operators: readonly Operator[] = ['==', '!=', '<=', '>=', '<', '>'];
const namePattern = /(?:\\.|[^\\.[\]\s()=!<>'"])+/y;
const numberPattern = /-?\d+(?:\.\d+)?/y;

/** Reads from the left; every method leaves `#at` behind what it has read. */
class PathReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Step[] | undefined {
    const steps = this.#readSteps();
    return this.#at === this.#text.length && steps?.length ? steps : undefined;
  }

  /** As many as there are; undefined: one of them is wrong. */
  #readSteps(): Step[] | undefined {
    const steps: Step[] = [];
    while (this.#text[this.#at] === '[' || this.#text[this.#at] === '.') {
      const step = this.#take('[') ? this.#readBracket() : this.#take('.') ? this.#readName() : undefined;
      if (step === undefined) return undefined;
      steps.push(step);
    }
    return steps;
  }

  #readName(): Step | undefined {
    if (this.#take('*')) return { type: 'all' };
    const name = this.#match(namePattern);
    return name === undefined ? undefined : { type: 'field', name: name.replaceAll('\\', '') };
  }

  /** Behind `[`. */
  #readBracket(): Step | undefined {
    const step = this.#readSubscript();
    return step !== undefined && this.#take(']') ? step : undefined;
  }

  #readSubscript(): Step | undefined {
    if (this.#take('*')) return { type: 'all' };
    if (this.#take('?(')) return this.#readFilter();
    const name = this.#readQuoted();
    if (name !== undefined) return { type: 'field', name };
    const number = this.#match(numberPattern);
    return number === undefined || number.includes('.') ? undefined : { type: 'index', at: Number(number) };
  }

  /** Behind `?(`, with the `)`. */
  #readFilter(): Step | undefined {
    this.#skipBlanks();
    if (!this.#take('@')) return undefined;
    const path = this.#readSteps();
    this.#skipBlanks();
    const operator = operators.find((one) => this.#take(one));
    this.#skipBlanks();
    const literal = operator && this.#readLiteral();
    this.#skipBlanks();
    if (path === undefined || !this.#take(')') || (operator !== undefined && literal === undefined)) return undefined;
    return { type: 'filter', path, operator: operator ?? 'exists', literal };
  }

  #readLiteral(): Literal {
    const text = this.#readQuoted();
    if (text !== undefined) return text;
    if (this.#take('true')) return true;
    if (this.#take('false')) return false;
    const number = this.#match(numberPattern);
    return number === undefined ? undefined : Number(number);
  }

  #readQuoted(): string | undefined {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return undefined;
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) return undefined;
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #skipBlanks(): void {
    while (this.#take(' '));
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    this.#at += match?.length ?? 0;
    return match;
  }
}
