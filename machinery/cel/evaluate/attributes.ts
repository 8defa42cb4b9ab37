/** Variables, and the fields and items inside them: what an expression reads. A name costs a step, and so does each field. */

import { CelError } from '../cel-error.ts';
import type { CallExpression, Expression, NameExpression, SelectExpression } from '../syntax/expression.ts';
import type { CelType } from '../types/cel-type.ts';
import { readJson } from '../values/json.ts';
import { showDouble } from '../values/number-text.ts';
import { ListValue, MapValue, mapKeyOf, none, OptionalValue, typeNameOf, Uint, type Value } from '../values/value.ts';
import type { Scope, Step } from './step.ts';

export function makeAttribute(node: NameExpression | SelectExpression, scope: Scope): Step {
  const name = scope.checked.names.get(node);
  if (name?.kind === 'variable') return makeVariable(name.name, name.type);
  if (name?.kind === 'local') return makeLocal(name.name, scope);
  if (node.kind === 'name')
    return () => {
      throw new CelError(`no such attribute(s): ${node.name}`);
    };
  return node.isTest ? makeTest(node, scope) : makeSelection(node, scope);
}

function makeVariable(name: string, type: CelType): Step {
  return ({ variables, budget }) => {
    budget.spend(1);
    const raw = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (raw === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return readJson(raw, type);
  };
}

function makeLocal(name: string, { slots, pending }: Scope): Step {
  const slot = slots.get(name) ?? 0;
  const compute = pending.get(slot);
  if (compute === undefined)
    return ({ locals, budget }) => {
      budget.spend(1);
      return locals[slot] ?? null;
    };
  return (frame) => {
    frame.budget.spend(1);
    let value = frame.locals[slot];
    if (value === undefined) {
      value = compute(frame);
      frame.locals[slot] = value;
    }
    return value;
  };
}

/** What is no chain of names costs a step for being looked into. */
const baseCost = (operand: Expression): number => (isAttribute(operand) ? 1 : 2);

const isAttribute = (node: Expression): boolean =>
  node.kind === 'name' ||
  node.kind === 'select' ||
  (node.kind === 'call' && ['_[_]', '_?._', '_[?_]', '_?_:_'].includes(node.name));

function makeSelection(node: SelectExpression, scope: Scope): Step {
  const operand = scope.makeStep(node.operand, scope);
  const { field } = node;
  const cost = baseCost(node.operand);
  return (frame) => {
    const value = operand(frame);
    frame.budget.spend(cost);
    return select(value, field);
  };
}

/** `x.field`; of an optional value, that of its value, if there is one. */
function select(value: Value, key: Value): Value {
  if (!(value instanceof OptionalValue)) return found(value, key);
  if (value.value === undefined) return none;
  const inner = lookUp(value.value, key);
  return inner === undefined ? none : new OptionalValue(inner);
}

function found(value: Value, key: Value): Value {
  const inner = lookUp(value, key);
  if (inner !== undefined) return inner;
  if (value instanceof ListValue) throw new CelError(`index out of bounds: ${showKey(key)}`);
  throw new CelError(`no such key: ${showKey(key)}`);
}

function lookUp(value: Value, key: Value): Value | undefined {
  if (value instanceof MapValue) {
    if (mapKeyOf(key) === undefined && typeof key !== 'number')
      throw new CelError(`unsupported key type: ${typeNameOf(key)}`);
    return value.get(key);
  }
  if (!(value instanceof ListValue)) throw new CelError('no such overload');
  const index = mapKeyOf(key);
  if (typeof index !== 'bigint') throw new CelError(`unsupported index type '${typeNameOf(key)}' in list`);
  return index >= 0n && index < BigInt(value.size) ? value.at(Number(index)) : undefined;
}

function showKey(key: Value): string {
  if (typeof key === 'number') return showDouble(key);
  return key instanceof Uint ? String(key.value) : String(key);
}

/** `has(x.field)` */
function makeTest(node: SelectExpression, scope: Scope): Step {
  const operand = scope.makeStep(node.operand, scope);
  const { field } = node;
  return (frame) => {
    const value = operand(frame);
    const inner = value instanceof OptionalValue ? value.value : value;
    if (inner === undefined) return false;
    if (inner instanceof MapValue) return inner.has(field);
    throw new CelError('no such overload');
  };
}

/** `x[i]` */
export function makeIndex({ args }: CallExpression, scope: Scope): Step {
  const [operandNode, keyNode] = args;
  if (operandNode === undefined || keyNode === undefined) throw new Error('an index has two parts');
  const operand = scope.makeStep(operandNode, scope);
  const key = scope.makeStep(keyNode, scope);
  const cost = baseCost(operandNode);
  return (frame) => {
    const value = operand(frame);
    const at = key(frame);
    frame.budget.spend(cost);
    return select(value, at);
  };
}

/** `x.?field`, `x[?i]`: a value that may be missing. */
export function makeOptionalSelection({ args }: CallExpression, scope: Scope): Step {
  const [operandNode, keyNode] = args;
  if (operandNode === undefined || keyNode === undefined) throw new Error('a selection has two parts');
  const operand = scope.makeStep(operandNode, scope);
  const key = scope.makeStep(keyNode, scope);
  const cost = baseCost(operandNode);
  return (frame) => {
    const value = operand(frame);
    const at = key(frame);
    frame.budget.spend(cost);
    const inner = value instanceof OptionalValue ? value.value : value;
    const found = inner === undefined ? undefined : lookUp(inner, at);
    return found === undefined ? none : new OptionalValue(found);
  };
}
