/** Finds the type of each node, and what its names mean. What is wrong is said in upstream's words. */

import type { FunctionTable } from '../functions/function-table.ts';
import type {
  CallExpression,
  Comprehension,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
  StructExpression,
} from '../syntax/expression.ts';
import type { Problem } from '../syntax/source.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  errorType,
  intType,
  listOf,
  mapOf,
  nullType,
  type ObjectType,
  optionalOf,
  optionalValueOf,
  parameter,
  showType,
  stringType,
  uintType,
} from '../types/cel-type.ts';
import { Bytes, Uint, type Value } from '../values/value.ts';
import type { Checked, Name, ResolvedCall } from './checked.ts';
import { resolveOverloads } from './overload-resolution.ts';
import { isOpen, mostGeneral, TypeMapping } from './type-mapping.ts';

export interface Declared {
  readonly variables: ReadonlyMap<string, CelType>;
  /** Names of types: `int`, `google.protobuf.Timestamp`. */
  readonly types: ReadonlyMap<string, CelType>;
  readonly functions: FunctionTable;
}

export type CheckResult = { readonly checked: Checked } | { readonly problems: readonly Problem[] };

export function check(expression: Expression, declared: Declared): CheckResult {
  return new Checker(declared).check(expression);
}

class Checker {
  readonly #declared: Declared;
  readonly #mapping = new TypeMapping();
  readonly #problems: Problem[] = [];
  readonly #types = new Map<Expression, CelType>();
  readonly #names = new Map<Expression, Name>();
  readonly #calls = new Map<Expression, ResolvedCall>();
  readonly #structs = new Map<Expression, ObjectType>();
  readonly #mixed = new Map<Expression, string>();
  readonly #variables = new Set<string>();
  #locals: ReadonlyMap<string, CelType> = new Map();
  #fresh = 0;

  constructor(declared: Declared) {
    this.#declared = declared;
  }

  check(expression: Expression): CheckResult {
    this.#check(expression);
    if (this.#problems.length > 0) return { problems: this.#problems };
    const types = this.#types;
    return {
      checked: {
        expression,
        typeOf: (node) => this.#mapping.substitute(types.get(node) ?? dynType, true),
        names: this.#names,
        calls: this.#calls,
        structs: this.#structs,
        mixed: this.#mixed,
        variables: this.#variables,
      },
    };
  }

  #report(at: number, message: string): void {
    this.#problems.push({ at, message });
  }

  #undeclared(at: number, name: string): void {
    this.#report(at, `undeclared reference to '${name.replace(/^\./, '')}' (in container '')`);
  }

  #newType(): CelType {
    this.#fresh += 1;
    return parameter(`_var${this.#fresh}`);
  }

  #show(type: CelType): string {
    return showType(this.#mapping.substitute(type, true));
  }

  #check(node: Expression): CelType {
    // The expansion of a macro may use a node twice: what was found stays so.
    const type = this.#typeOf(node);
    this.#types.set(node, type);
    return type;
  }

  #typeOf(node: Expression): CelType {
    switch (node.kind) {
      case 'literal':
        return literalType(node.value);
      case 'name':
        return this.#nameType(node, node.name);
      case 'select':
        return this.#selectType(node);
      case 'call':
        return this.#callType(node);
      case 'list':
        return this.#listType(node);
      case 'map':
        return this.#mapType(node);
      case 'struct':
        return this.#structType(node);
      case 'comprehension':
        return this.#comprehensionType(node);
    }
  }

  #nameType(node: Expression, name: string): CelType {
    const found = this.#lookUp(name);
    if (found === undefined) {
      this.#undeclared(node.at, name);
      return errorType;
    }
    this.#names.set(node, found.name);
    return found.type;
  }

  #lookUp(written: string): { readonly name: Name; readonly type: CelType } | undefined {
    const isRoot = written.startsWith('.');
    const name = isRoot ? written.slice(1) : written;
    const local = isRoot ? undefined : this.#locals.get(name);
    if (local !== undefined) return { name: { kind: 'local', name }, type: local };
    const type = this.#declared.variables.get(name);
    if (type !== undefined) {
      this.#variables.add(name);
      return { name: { kind: 'variable', name, type }, type };
    }
    const named = this.#declared.types.get(name);
    return named && { name: { kind: 'type', type: named }, type: { kind: 'type', of: named } };
  }

  #selectType(node: SelectExpression): CelType {
    const chain = chainOf(node);
    const found = chain === undefined || node.isTest || this.#isLocal(chain) ? undefined : this.#lookUp(chain);
    if (found !== undefined) {
      this.#names.set(node, found.name);
      return found.type;
    }
    const field = this.#fieldType(node, node.operand, node.field, false);
    return node.isTest ? boolType : field;
  }

  #isLocal(chain: string): boolean {
    return this.#locals.has(chain.split('.')[0] ?? '');
  }

  #fieldType(node: Expression, operand: Expression, field: string, isOptional: boolean): CelType {
    const operandType = this.#mapping.substitute(this.#check(operand));
    const unwrapped = optionalValueOf(operandType);
    const result = this.#plainFieldType(node, unwrapped ?? operandType, field);
    return unwrapped !== undefined || isOptional ? optionalOf(result) : result;
  }

  #plainFieldType(node: Expression, type: CelType, field: string): CelType {
    switch (type.kind) {
      case 'map':
        return type.value;
      case 'object': {
        const known = type.fields.get(field);
        if (known !== undefined) return known.type;
        this.#report(node.at, `undefined field '${field}'`);
        return errorType;
      }
      case 'parameter':
        this.#mapping.assign([dynType], [type]);
        return dynType;
      default:
        if (!isOpen(type)) this.#report(node.at, `type '${this.#show(type)}' does not support field selection`);
        return dynType;
    }
  }

  #callType(node: CallExpression): CelType {
    if (node.name === '_?._') return this.#optionalSelectType(node);
    const args = node.args.map((arg) => this.#check(arg));
    const { target } = node;
    if (target === undefined) return this.#resolve(node, node.name.replace(/^\./, ''), args, false);
    const chain = chainOf(target);
    const qualified = chain === undefined || this.#isLocal(chain) ? undefined : `${chain}.${node.name}`;
    if (qualified !== undefined && this.#declared.functions.has(qualified))
      return this.#resolve(node, qualified, args, false);
    return this.#resolve(node, node.name, [this.#check(target), ...args], true);
  }

  #optionalSelectType(node: CallExpression): CelType {
    const [operand, field] = node.args;
    if (operand === undefined || field?.kind !== 'literal' || typeof field.value !== 'string') return errorType;
    this.#check(field);
    return this.#fieldType(node, operand, field.value, true);
  }

  #resolve(node: CallExpression, name: string, args: readonly CelType[], isMethod: boolean): CelType {
    const declared = this.#declared.functions.get(name);
    if (declared === undefined) {
      this.#undeclared(node.at, name);
      return errorType;
    }
    const candidates = declared.filter((one) => one.isMethod === isMethod);
    const found = resolveOverloads(candidates, args, this.#mapping, () => this.#newType());
    if (found === undefined) {
      const [first, ...rest] = args.map((arg) => this.#show(arg));
      const signature = isMethod
        ? `${first}.(${rest.join(', ')})`
        : `(${args.map((arg) => this.#show(arg)).join(', ')})`;
      this.#report(node.at, `found no matching overload for '${name}' applied to '${signature}'`);
      return errorType;
    }
    this.#calls.set(node, { name, isMethod, overloads: found.overloads, candidates });
    return found.result;
  }

  #listType({ items, optional }: ListExpression): CelType {
    let element: CelType | undefined;
    for (const [index, item] of items.entries()) {
      const type = this.#unwrapped(item, this.#check(item), optional.has(index));
      element = this.#join(item, element, type);
    }
    return listOf(element ?? this.#newType());
  }

  #unwrapped(node: Expression, type: CelType, isOptional: boolean): CelType {
    if (!isOptional) return type;
    const value = optionalValueOf(this.#mapping.substitute(type));
    if (value === undefined && !isOpen(type))
      this.#report(node.at, `expected type '${this.#show(optionalOf(type))}' but found '${this.#show(type)}'`);
    return value ?? type;
  }

  #join(node: Expression, previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    if (this.#mapping.assign([previous], [current])) return mostGeneral(previous, current);
    if (!this.#mixed.has(node))
      this.#mixed.set(node, `expected type '${this.#show(previous)}' but found '${this.#show(current)}'`);
    return dynType;
  }

  #mapType({ entries }: MapExpression): CelType {
    let key: CelType | undefined;
    let value: CelType | undefined;
    for (const entry of entries) {
      key = this.#join(entry.key, key, this.#check(entry.key));
      const type = this.#unwrapped(entry.value, this.#check(entry.value), entry.isOptional);
      value = this.#join(entry.value, value, type);
    }
    return mapOf(key ?? this.#newType(), value ?? this.#newType());
  }

  #structType(node: StructExpression): CelType {
    const type = this.#declared.types.get(node.name);
    if (type === undefined) this.#undeclared(node.at, node.name);
    else if (type.kind !== 'object') this.#report(node.at, `'${node.name}' is not a message type`);
    const struct = type?.kind === 'object' ? type : undefined;
    if (struct) this.#structs.set(node, struct);
    for (const field of node.fields) {
      const known = struct?.fields.get(field.name);
      if (struct && !known) this.#report(field.at, `undefined field '${field.name}'`);
      const given = this.#unwrapped(field.value, this.#check(field.value), field.isOptional);
      const wanted = known?.type ?? errorType;
      if (this.#mapping.assign([wanted], [given])) continue;
      const message = `expected type of field '${field.name}' is '${this.#show(wanted)}' but provided type is '${this.#show(given)}'`;
      this.#report(field.at, message);
    }
    return struct ?? errorType;
  }

  #comprehensionType(node: Comprehension): CelType {
    const range = this.#mapping.substitute(this.#check(node.range));
    const initial = this.#check(node.initial);
    const outside = this.#locals;
    const items = this.#itemTypes(node, range);
    this.#locals = new Map([...outside, [node.accumulator, initial]]);
    const withResult = this.#locals;
    this.#locals = new Map([...withResult, ...items]);
    this.#expectType(node.condition, boolType);
    this.#expectType(node.step, initial);
    this.#locals = withResult;
    const result = this.#check(node.result);
    this.#locals = outside;
    return this.#mapping.substitute(result);
  }

  #expectType(node: Expression, wanted: CelType): void {
    const type = this.#check(node);
    if (!this.#mapping.assign([wanted], [type]))
      this.#report(node.at, `expected type '${this.#show(wanted)}' but found '${this.#show(type)}'`);
  }

  #itemTypes({ range, variable, secondVariable }: Comprehension, type: CelType): (readonly [string, CelType])[] {
    const pair = (first: CelType, second: CelType): (readonly [string, CelType])[] =>
      secondVariable === undefined
        ? [[variable, first]]
        : [
            [variable, first],
            [secondVariable, second],
          ];
    switch (type.kind) {
      case 'list':
        return secondVariable === undefined ? [[variable, type.element]] : pair(intType, type.element);
      case 'map':
        return pair(type.key, type.value);
      case 'parameter':
        this.#mapping.assign([dynType], [type]);
        return pair(dynType, dynType);
      default:
        if (isOpen(type)) return pair(dynType, dynType);
        this.#report(
          range.at,
          `expression of type '${this.#show(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return pair(errorType, errorType);
    }
  }
}

function literalType(value: Value): CelType {
  if (value === null) return nullType;
  switch (typeof value) {
    case 'boolean':
      return boolType;
    case 'string':
      return stringType;
    case 'bigint':
      return intType;
    case 'number':
      return doubleType;
    default:
      return value instanceof Uint ? uintType : value instanceof Bytes ? bytesType : dynType;
  }
}

/** `a.b.c` where a chain is made of nothing but names. */
export function chainOf(node: Expression): string | undefined {
  const names: string[] = [];
  let at = node;
  while (at.kind === 'select' && !at.isTest) {
    names.unshift(at.field);
    at = at.operand;
  }
  return at.kind === 'name' ? [at.name, ...names].join('.') : undefined;
}
