/**
 * Evaluates expressions of CEL that users write, with a bound on what each evaluation may cost: the parser is the
 * library's, the evaluation is ours, because the library's cannot be stopped. Patterns are Go's (RE2).
 *
 * | CEL       | value                        |
 * |-----------|------------------------------|
 * | int, uint | bigint                       |
 * | double    | number                       |
 * | list, map | array, Map                   |
 * | optional  | `Optional`                   |
 * | others    | `Extension`: its own methods |
 */

import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { errorText } from '../../base/error-text.ts';

/** What makes an evaluation fail, in the words that users read. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

/** A type that an environment adds: its methods, and how two of it compare. */
export interface Extension {
  readonly typeName: string;
  /** Undefined: there is no such method for these arguments. */
  call(method: string, args: readonly unknown[]): unknown;
  equals(other: unknown): boolean;
}

class Optional {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

export type CelFunctions = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

export interface CelProgram {
  /** Throws `CelError`. */
  evaluate(variables: ReadonlyMap<string, unknown>): unknown;
}

/** Steps of one evaluation: some ten milliseconds at most. */
const maxSteps = 100_000;
/** Upstream's bound for the text of an expression is larger; no pattern of a device needs more. */
const longestPattern = 1024;
/** Macros see names; deeper nesting than this is no expression that a person wrote. */
const maxDepth = 60;

const parser = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  limits: { maxAstNodes: 5000, maxDepth },
});

/** Throws `CelError` for what is no expression. */
export function compileCel(expression: string, functions: CelFunctions): CelProgram {
  let ast: ASTNode;
  try {
    ast = parser.parse(expression).ast;
  } catch (error) {
    throw new CelError(`compilation failed: ${errorText(error)}`);
  }
  return { evaluate: (variables) => new Evaluation(functions).run(ast, variables) };
}

type Scope = ReadonlyMap<string, unknown>;

class Evaluation {
  readonly #functions: CelFunctions;
  #steps = 0;

  constructor(functions: CelFunctions) {
    this.#functions = functions;
  }

  run(node: ASTNode, scope: Scope): unknown {
    this.#spend(1);
    switch (node.op) {
      case 'value':
        return literal(node.args);
      case 'id':
        if (scope.has(node.args)) return scope.get(node.args);
        throw new CelError(`undeclared reference to '${node.args}' (in container '')`);
      case '.':
        return fieldOf(this.run(node.args[0], scope), node.args[1]);
      case '[]':
        return fieldOf(this.run(node.args[0], scope), this.run(node.args[1], scope));
      case '.?':
        return this.#optionalField(node.args[0], node.args[1], scope);
      case '[?]':
        return this.#optionalField(node.args[0], this.run(node.args[1], scope), scope);
      case 'list':
        return node.args.map((item) => this.run(item, scope));
      case 'map':
        return new Map(node.args.map(([key, value]) => [this.run(key, scope), this.run(value, scope)]));
      case '?:':
        return this.run(asBool(this.run(node.args[0], scope)) ? node.args[1] : node.args[2], scope);
      case '&&':
        return this.#either(node.args, false, scope);
      case '||':
        return this.#either(node.args, true, scope);
      case '!_':
        return !asBool(this.run(node.args, scope));
      case '-_':
        return negated(this.run(node.args, scope));
      case 'call':
        return this.#call(node.args[0], node.args[1], scope);
      case 'rcall':
        return this.#method(node.args, scope);
      default:
        return this.#binary(node.op, this.run(node.args[0], scope), this.run(node.args[1], scope));
    }
  }

  /** What either side decides alone stands, also when the other one fails. */
  #either([left, right]: readonly [ASTNode, ASTNode], decisive: boolean, scope: Scope): boolean {
    let failed: unknown;
    for (const side of [left, right]) {
      try {
        if (asBool(this.run(side, scope)) === decisive) return decisive;
      } catch (error) {
        this.#spend(0);
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
    return !decisive;
  }

  #optionalField(owner: ASTNode, key: unknown, scope: Scope): Optional {
    const value = this.run(owner, scope);
    const inner = value instanceof Optional ? value.value : value;
    return new Optional(inner === undefined ? undefined : lookUp(inner, key));
  }

  #call(name: string, args: readonly ASTNode[], scope: Scope): unknown {
    const [first] = args;
    if (name === 'has' && first?.op === '.') {
      return lookUp(this.run(first.args[0], scope), first.args[1]) !== undefined;
    }
    const values = args.map((arg) => this.run(arg, scope));
    const own = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    const result = own === undefined ? globalFunction(name, values) : own(...values);
    if (result === undefined) throw noOverload(name, values);
    return result;
  }

  #method([name, receiver, args]: readonly [string, ASTNode, ASTNode[]], scope: Scope): unknown {
    if (receiver.op === 'id' && receiver.args === 'cel' && name === 'bind') return this.#bind(args, scope);
    if (receiver.op === 'id' && receiver.args === 'optional')
      return optionalOf(name, args, (one) => this.run(one, scope));
    const target = this.run(receiver, scope);
    if (isMacro(name) && args.length >= 2) return this.#comprehend(name, target, args, scope);
    if (target instanceof Optional && name === 'orValue' && args[0] !== undefined) {
      return target.value === undefined ? this.run(args[0], scope) : target.value;
    }
    const values = args.map((arg) => this.run(arg, scope));
    const result = isExtension(target) ? target.call(name, values) : this.#builtIn(name, target, values);
    if (result === undefined) throw noOverload(name, [target, ...values]);
    return result;
  }

  #bind([variable, value, body]: readonly ASTNode[], scope: Scope): unknown {
    if (variable?.op !== 'id' || value === undefined || body === undefined) throw new CelError('invalid cel.bind');
    return this.run(body, new Map(scope).set(variable.args, this.run(value, scope)));
  }

  #comprehend(macro: string, target: unknown, args: readonly ASTNode[], scope: Scope): unknown {
    const [variable, ...bodies] = args;
    const [first, second] = bodies;
    if (variable?.op !== 'id' || first === undefined) throw new CelError(`invalid macro ${macro}`);
    const name = variable.args;
    const items = itemsOf(target, macro);
    const inScope = (item: unknown): Scope => new Map(scope).set(name, item);
    const holds = (item: unknown): boolean => asBool(this.run(first, inScope(item)));
    this.#spend(items.length);
    switch (macro) {
      case 'all':
        return this.#some(items, (item) => !holds(item)) === false;
      case 'exists':
        return this.#some(items, holds);
      case 'exists_one':
        return items.filter(holds).length === 1;
      case 'filter':
        return items.filter(holds);
      default:
        return second === undefined
          ? items.map((item) => this.run(first, inScope(item)))
          : items.filter(holds).map((item) => this.run(second, inScope(item)));
    }
  }

  /** One that decides makes up for others that fail. */
  #some(items: readonly unknown[], decides: (item: unknown) => boolean): boolean {
    let failed: unknown;
    for (const item of items) {
      try {
        if (decides(item)) return true;
      } catch (error) {
        this.#spend(0);
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
    return false;
  }

  #binary(op: string, left: unknown, right: unknown): unknown {
    this.#spend(sizeOf(left) + sizeOf(right));
    if (op === '==') return isEqual(left, right);
    if (op === '!=') return !isEqual(left, right);
    if (op === 'in') return contains(right, left);
    const result = comparison(op, left, right) ?? arithmetic(op, left, right);
    if (result === undefined) throw noOverload(`_${op}_`, [left, right]);
    return result;
  }

  #builtIn(name: string, target: unknown, args: readonly unknown[]): unknown {
    if (target instanceof Optional) {
      if (name === 'hasValue') return target.value !== undefined;
      if (name === 'value' && target.value !== undefined) return target.value;
      if (name === 'value') throw new CelError('optional.none() dereference');
      const [other] = args;
      return name === 'or' && other instanceof Optional ? (target.value === undefined ? other : target) : undefined;
    }
    if (name === 'size') return globalFunction('size', [target]);
    if (typeof target !== 'string') return undefined;
    this.#spend(target.length);
    const [text] = args;
    if (name === 'lowerAscii') return target.replace(/[A-Z]+/g, (part) => part.toLowerCase());
    if (name === 'upperAscii') return target.replace(/[a-z]+/g, (part) => part.toUpperCase());
    if (name === 'trim') return target.trim();
    if (typeof text !== 'string') return undefined;
    if (name === 'startsWith') return target.startsWith(text);
    if (name === 'endsWith') return target.endsWith(text);
    if (name === 'contains') return target.includes(text);
    if (name === 'split') return target.split(text);
    return name === 'matches' ? this.#matches(target, text) : undefined;
  }

  #matches(text: string, pattern: string): boolean {
    if (pattern.length > longestPattern) throw new CelError('error parsing regexp: expression too large');
    this.#spend(500 + pattern.length + (text.length * pattern.length) / 8);
    try {
      return RE2JS.compile(pattern).test(text);
    } catch (error) {
      throw new CelError(errorText(error));
    }
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > maxSteps) throw new CelError('operation cancelled: actual cost limit exceeded');
  }
}

const macros = new Set(['all', 'exists', 'exists_one', 'existsOne', 'filter', 'map']);
const isMacro = (name: string): boolean => macros.has(name);

export const isExtension = (value: unknown): value is Extension =>
  typeof value === 'object' && value !== null && 'typeName' in value;

function literal(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return BigInt(String(value));
}

function asBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new CelError('no such overload');
}

function negated(value: unknown): unknown {
  if (typeof value === 'bigint') return checkedInt(-value);
  if (typeof value === 'number') return -value;
  throw noOverload('-_', [value]);
}

function fieldOf(owner: unknown, key: unknown): unknown {
  if (owner instanceof Optional) return new Optional(owner.value === undefined ? undefined : lookUp(owner.value, key));
  const value = lookUp(owner, key);
  if (value !== undefined) return value;
  throw new CelError(
    Array.isArray(owner)
      ? `index out of bounds: ${shown(key)}`
      : `no such key: ${typeof key === 'string' ? key : shown(key)}`,
  );
}

function lookUp(owner: unknown, key: unknown): unknown {
  if (owner instanceof Map) return owner.get(key);
  if (Array.isArray(owner) && typeof key === 'bigint') return owner[Number(key)];
  throw new CelError(`no such overload: ${typeOf(owner)}[${typeOf(key)}]`);
}

function itemsOf(target: unknown, macro: string): readonly unknown[] {
  if (Array.isArray(target)) return target;
  if (target instanceof Map) return [...target.keys()];
  throw noOverload(macro, [target]);
}

function optionalOf(name: string, args: readonly ASTNode[], run: (node: ASTNode) => unknown): Optional {
  if (name === 'none') return new Optional(undefined);
  const [arg] = args;
  if (name === 'of' && arg !== undefined) return new Optional(run(arg));
  throw noOverload(`optional.${name}`, []);
}

/** Undefined: there is none for these. */
function globalFunction(name: string, [value]: readonly unknown[]): unknown {
  switch (name) {
    case 'size':
      if (typeof value === 'string') return BigInt([...value].length);
      return Array.isArray(value) ? BigInt(value.length) : value instanceof Map ? BigInt(value.size) : undefined;
    case 'int':
      if (typeof value === 'number') return checkedInt(BigInt(Math.trunc(value)));
      return typeof value === 'string' ? parsedInt(value) : typeof value === 'bigint' ? value : undefined;
    case 'uint':
      return typeof value === 'bigint' && value >= 0n ? value : undefined;
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
        ? Number(value)
        : undefined;
    case 'string':
      return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'dyn':
      return value;
    default:
      return undefined;
  }
}

function parsedInt(text: string): bigint {
  if (!/^-?[0-9]{1,19}$/.test(text))
    throw new CelError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return checkedInt(BigInt(text));
}

function checkedInt(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new CelError('integer overflow');
}

function isEqual(left: unknown, right: unknown): boolean {
  if (isExtension(left)) return left.equals(right);
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]));
  }
  if (left instanceof Map && right instanceof Map) {
    return (
      left.size === right.size && [...left].every(([key, value]) => right.has(key) && isEqual(value, right.get(key)))
    );
  }
  if (left instanceof Optional && right instanceof Optional) return isEqual(left.value, right.value);
  return left === right;
}

function contains(list: unknown, item: unknown): boolean {
  if (Array.isArray(list)) return list.some((one) => isEqual(one, item));
  if (list instanceof Map) return list.has(item);
  throw noOverload('@in', [item, list]);
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

const compareNumbers = (left: number | bigint, right: number | bigint): number =>
  left < right ? -1 : left > right ? 1 : Number.isNaN(Number(left)) || Number.isNaN(Number(right)) ? Number.NaN : 0;

function comparison(op: string, left: unknown, right: unknown): boolean | undefined {
  const order = orderOf(left, right);
  if (order === undefined) return undefined;
  switch (op) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      return undefined;
  }
}

function orderOf(left: unknown, right: unknown): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  return undefined;
}

function arithmetic(op: string, left: unknown, right: unknown): unknown {
  if (op === '+' && typeof left === 'string' && typeof right === 'string') return left + right;
  if (op === '+' && Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (typeof left === 'bigint' && typeof right === 'bigint') return integerArithmetic(op, left, right);
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return undefined;
  }
}

function integerArithmetic(op: string, left: bigint, right: bigint): bigint | undefined {
  switch (op) {
    case '+':
      return checkedInt(left + right);
    case '-':
      return checkedInt(left - right);
    case '*':
      return checkedInt(left * right);
    case '/':
      if (right === 0n) throw new CelError('division by zero');
      return checkedInt(left / right);
    case '%':
      if (right === 0n) throw new CelError('modulus by zero');
      return left % right;
    default:
      return undefined;
  }
}

/** What an operator may have to look at, or to copy. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length / 8;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + 1 + sizeOf(item), 0);
  return value instanceof Map ? value.size : 0;
}

function typeOf(value: unknown): string {
  if (isExtension(value)) return value.typeName;
  if (value === null) return 'null_type';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'map';
  if (value instanceof Optional) return 'optional_type';
  const names: Readonly<Record<string, string>> = {
    bigint: 'int',
    number: 'double',
    boolean: 'bool',
    string: 'string',
  };
  return names[typeof value] ?? 'dyn';
}

const noOverload = (name: string, args: readonly unknown[]): CelError =>
  new CelError(`found no matching overload for '${name}' applied to '(${args.map(typeOf).join(', ')})'`);

const shown = (value: unknown): string =>
  isNumber(value) || typeof value === 'boolean' ? String(value) : typeOf(value);
