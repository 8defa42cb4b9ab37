/**
 * Reads an expression by CEL's grammar, one function for each of its rules. What is wrong is said as upstream's
 * generated parser says it: what was met, and all that could have stood there.
 */

import type { CallExpression, Expression, MapEntry, StructField } from './expression.ts';
import type { Token, TokenKind } from './lexer.ts';
import { type ReadLiteral, readNumber, readText } from './literals.ts';
import { expandMacro } from './macros.ts';
import type { Problem } from './source.ts';
import { expected, operandSigns, SyntaxProblem } from './syntax-problem.ts';
import { TokenCursor } from './token-cursor.ts';

/** Upstream's limits: of nesting, and of characters. */
const maxDepth = 250;
const maxSize = 100_000;
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

export type Parsed = { readonly expression: Expression } | { readonly problems: readonly Problem[] };

export function parse(source: string): Parsed {
  const size = [...source].length;
  if (size > maxSize) {
    const message = `Syntax error: expression code point size exceeds limit: size: ${size}, limit ${maxSize}`;
    return { problems: [{ at: 0, message }] };
  }
  return new Parser(source).parse();
}

const relations = ['==', '!=', '<', '<=', '>', '>=', 'in'];
const sums = ['+', '-'];
const products = ['*', '/', '%'];

class Parser {
  readonly #cursor: TokenCursor;
  #depth = 0;

  constructor(source: string) {
    this.#cursor = new TokenCursor(source);
  }

  parse(): Parsed {
    const { problems } = this.#cursor;
    try {
      const expression = this.#expression();
      this.#cursor.expectEnd();
      return problems.length === 0 ? { expression } : { problems };
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      return { problems: [...problems, error] };
    }
  }

  #expression(more: readonly string[] = []): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth)
      throw new SyntaxProblem(-1, `expression recursion limit exceeded: ${maxDepth}`, this.#cursor.token.at);
    const condition = this.#or(more);
    const question = this.#cursor.accept('?');
    this.#depth -= question === undefined ? 1 : 0;
    if (question === undefined) return condition;
    const yes = this.#or([]);
    this.#cursor.expect(':');
    const no = this.#expression();
    this.#depth -= 1;
    return call('_?_:_', question.at, condition, yes, no);
  }

  #or(more: readonly string[]): Expression {
    return this.#logical(
      '||',
      '_||_',
      () => this.#and(more),
      () => this.#and([]),
    );
  }

  #and(more: readonly string[]): Expression {
    return this.#logical(
      '&&',
      '_&&_',
      () => this.#relation(more),
      () => this.#relation([]),
    );
  }

  #logical(sign: string, name: string, first: () => Expression, other: () => Expression): Expression {
    const terms = [first()];
    const places: number[] = [];
    for (let token = this.#cursor.accept(sign); token !== undefined; token = this.#cursor.accept(sign)) {
      places.push(token.at);
      terms.push(other());
    }
    return balanced(name, terms, places, 0, terms.length - 1);
  }

  #relation(more: readonly string[]): Expression {
    return this.#leftToRight(
      relations,
      () => this.#sum(more),
      () => this.#sum([]),
    );
  }

  #sum(more: readonly string[]): Expression {
    return this.#leftToRight(
      sums,
      () => this.#product(more),
      () => this.#product([]),
    );
  }

  #product(more: readonly string[]): Expression {
    return this.#leftToRight(
      products,
      () => this.#unary(more),
      () => this.#unary([]),
    );
  }

  /** Long chains nest to the left, and the evaluator follows them down: they are bounded like brackets. */
  #leftToRight(signs: readonly string[], first: () => Expression, other: () => Expression): Expression {
    let left = first();
    for (let count = 0; this.#cursor.is(...signs); count += 1) {
      const { text, at } = this.#cursor.take();
      if (count >= maxDepth) throw new SyntaxProblem(-1, `expression recursion limit exceeded: ${maxDepth}`, at);
      left = call(text === 'in' ? '@in' : `_${text}_`, at, left, other());
    }
    return left;
  }

  #unary(more: readonly string[]): Expression {
    const sign = this.#cursor.is('!', '-') ? this.#cursor.token.text : undefined;
    if (sign === undefined) return this.#member(this.#primary(more));
    if (sign === '-' && (this.#cursor.ahead(1).kind === 'int' || this.#cursor.ahead(1).kind === 'float')) {
      const { at } = this.#cursor.take();
      return this.#member({ kind: 'literal', at, value: this.#literal(readNumber(this.#cursor.take(), true), at) });
    }
    const { at } = this.#cursor.token;
    let count = 0;
    while (this.#cursor.accept(sign)) count += 1;
    const operand = this.#member(this.#primary([]));
    return count % 2 === 0 ? operand : call(sign === '!' ? '!_' : '-_', at, operand);
  }

  #member(first: Expression): Expression {
    let operand = first;
    for (let count = 0; this.#cursor.is('.', '['); count += 1) {
      if (count >= maxDepth)
        throw new SyntaxProblem(-1, `expression recursion limit exceeded: ${maxDepth}`, this.#cursor.token.at);
      operand = this.#cursor.is('.') ? this.#selection(operand) : this.#itemOf(operand);
    }
    return operand;
  }

  #itemOf(operand: Expression): Expression {
    const { at } = this.#cursor.take();
    const isOptional = this.#cursor.accept('?') !== undefined;
    const index = this.#expression(isOptional ? [] : ['?']);
    this.#cursor.expect(']');
    return call(isOptional ? '_[?_]' : '_[_]', at, operand, index);
  }

  #selection(operand: Expression): Expression {
    const { at } = this.#cursor.take();
    const isOptional = this.#cursor.accept('?') !== undefined;
    const name = this.#fieldName(isOptional);
    if (isOptional) return call('_?._', at, operand, { kind: 'literal', at: name.at, value: name.text });
    const open = name.kind === 'identifier' ? this.#cursor.accept('(') : undefined;
    if (open === undefined) return { kind: 'select', at, operand, field: name.text, isTest: false };
    const args = this.#list(')', () => this.#expression());
    return this.#expanded({ kind: 'call', at: open.at, name: name.text, target: operand, args });
  }

  #fieldName(isOptional: boolean): Token {
    const token = this.#cursor.token;
    if (token.kind === 'escaped') return { ...this.#cursor.take(), text: token.text.slice(1, -1) };
    if (token.kind === 'identifier') return this.#cursor.take();
    const wanted = isOptional ? '{IDENTIFIER, ESC_IDENTIFIER}' : "{'?', IDENTIFIER, ESC_IDENTIFIER}";
    throw this.#cursor.wrong(`mismatched input '${token.text}' expecting ${wanted}`);
  }

  #primary(more: readonly string[]): Expression {
    const token = this.#cursor.token;
    switch (token.kind) {
      case 'int':
      case 'uint':
      case 'float':
        return {
          kind: 'literal',
          at: token.at,
          value: this.#literal(readNumber(this.#cursor.take(), false), token.at),
        };
      case 'string':
      case 'bytes':
        return { kind: 'literal', at: token.at, value: this.#literal(readText(this.#cursor.take()), token.at) };
      case 'identifier':
        if (token.text !== 'in') return this.#name();
        break;
      case 'sign':
        if (token.text === '.') return this.#rootName();
        if (token.text === '(') return this.#group();
        if (token.text === '[') return this.#listLiteral();
        if (token.text === '{') return this.#mapLiteral();
        break;
      default:
    }
    return this.#noOperand(more);
  }

  /** One token too many may be left out; where no operand follows either, reading ends. */
  #noOperand(more: readonly string[]): Expression {
    const wanted = expected(operandSigns(more));
    if (beginsOperand(this.#cursor.ahead(1)) && this.#cursor.token.kind !== 'end') {
      this.#cursor.report(`extraneous input '${this.#cursor.token.text}' expecting ${wanted}`);
      this.#cursor.skip(1);
      return this.#unary([]);
    }
    throw this.#cursor.wrong(`mismatched input '${this.#cursor.token.text}' expecting ${wanted}`);
  }

  #literal(read: ReadLiteral, at: number): Extract<ReadLiteral, { value: unknown }>['value'] {
    if ('value' in read) return read.value;
    this.#cursor.problems.push({ at, message: read.problem });
    return null;
  }

  #name(prefix = ''): Expression {
    const { text, at } = this.#cursor.expectName();
    if (prefix === '') {
      if (text === 'true' || text === 'false') return { kind: 'literal', at, value: text === 'true' };
      if (text === 'null') return { kind: 'literal', at, value: null };
    }
    if (reserved.has(text)) this.#cursor.problems.push({ at, message: `reserved identifier: ${text}` });
    const open = this.#cursor.accept('(');
    if (open !== undefined) {
      const args = this.#list(')', () => this.#expression());
      return this.#expanded({ kind: 'call', at: open.at, name: `${prefix}${text}`, args });
    }
    const struct = this.#structName(text);
    return struct ?? { kind: 'name', at, name: `${prefix}${text}` };
  }

  /** `a.b.C{`: names and dots up to a brace. */
  #structName(first: string): Expression | undefined {
    let count = 0;
    const names = [first];
    while (this.#cursor.ahead(count).text === '.' && this.#cursor.ahead(count + 1).kind === 'identifier') {
      names.push(this.#cursor.ahead(count + 1).text);
      count += 2;
    }
    const open = this.#cursor.ahead(count);
    if (open.kind !== 'sign' || open.text !== '{') return undefined;
    this.#cursor.skip(count + 1);
    const fields = this.#list('}', (): StructField => {
      const isOptional = this.#cursor.accept('?') !== undefined;
      const name = this.#cursor.token.kind === 'escaped' ? this.#fieldName(false) : this.#cursor.expectName();
      const colon = this.#cursor.expect(':');
      return { name: name.text, value: this.#expression(), isOptional, at: colon.at };
    });
    return { kind: 'struct', at: open.at, name: names.join('.'), fields };
  }

  #rootName(): Expression {
    this.#cursor.take();
    if (this.#cursor.token.kind === 'identifier') return this.#name('.');
    throw this.#cursor.wrong(`no viable alternative at input '.${this.#cursor.token.text}'`);
  }

  #group(): Expression {
    this.#cursor.take();
    const inner = this.#expression();
    this.#cursor.expect(')');
    return inner;
  }

  #listLiteral(): Expression {
    const { at } = this.#cursor.take();
    const optional = new Set<number>();
    let count = 0;
    const items = this.#list(']', () => {
      if (this.#cursor.accept('?')) optional.add(count);
      count += 1;
      return this.#expression();
    });
    return { kind: 'list', at, items, optional };
  }

  #mapLiteral(): Expression {
    const { at } = this.#cursor.take();
    const entries = this.#list('}', (): MapEntry => {
      const isOptional = this.#cursor.accept('?') !== undefined;
      const key = this.#expression();
      const colon = this.#cursor.expect(':');
      return { key, value: this.#expression(), isOptional, at: colon.at };
    });
    return { kind: 'map', at, entries };
  }

  /** What stands up to the closing bracket, with commas between; in lists and maps one may stand at the end. */
  #list<T>(close: string, read: () => T): T[] {
    const found: T[] = [];
    if (this.#cursor.accept(close)) return found;
    if (!beginsOperand(this.#cursor.token) && !this.#cursor.is('?')) this.#noOperand(listSigns(close));
    for (;;) {
      found.push(read());
      if (this.#cursor.accept(close)) return found;
      if (this.#cursor.expect(close, ',').text === close) return found;
      if (close !== ')' && this.#cursor.accept(close)) return found;
    }
  }

  #expanded(found: CallExpression): Expression {
    const expanded = expandMacro(found);
    if ('expression' in expanded) return expanded.expression;
    this.#cursor.problems.push(expanded);
    return found;
  }
}

const listSigns = (close: string): readonly string[] => (close === ')' ? [')'] : [close, ',', '?']);

const operandKinds: readonly TokenKind[] = ['int', 'uint', 'float', 'string', 'bytes', 'identifier'];

const beginsOperand = ({ kind, text }: Token): boolean =>
  (operandKinds.includes(kind) && text !== 'in') || (kind === 'sign' && ['[', '{', '(', '.', '-', '!'].includes(text));

const call = (name: string, at: number, ...args: readonly Expression[]): Expression => ({
  kind: 'call',
  at,
  name,
  args,
});

/** A tree as shallow as can be, so that a thousand terms nest ten deep. */
function balanced(
  name: string,
  terms: readonly Expression[],
  places: readonly number[],
  low: number,
  high: number,
): Expression {
  const [first] = [terms[low]];
  if (low === high && first !== undefined) return first;
  const middle = low + Math.floor((high - low) / 2);
  return call(
    name,
    places[middle] ?? 0,
    balanced(name, terms, places, low, middle),
    balanced(name, terms, places, middle + 1, high),
  );
}
