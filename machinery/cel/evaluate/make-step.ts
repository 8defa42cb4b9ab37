/** Makes the steps of a checked expression, once: running it walks no tree. */

import { CelError } from '../cel-error.ts';
import type { Checked } from '../checker/checked.ts';
import type { Expression, ListExpression, MapExpression, StructExpression } from '../syntax/expression.ts';
import { isMapKey } from '../values/equality.ts';
import { EntryMap, ItemList, mapKeyOf, OptionalValue, runtimeNameOf, TypeValue, type Value } from '../values/value.ts';
import { makeAttribute } from './attributes.ts';
import { makeCall } from './calls.ts';
import { makeFold } from './folds.ts';
import type { Scope, Step } from './step.ts';

/** Upstream's costs of making something. */
const listCost = 10;
const mapCost = 30;
const structCost = 40;

export function makeProgramStep(checked: Checked): Step {
  let slots = 0;
  const newSlot = (): number => slots++;
  return makeStep(checked.expression, { checked, slots: new Map(), pending: new Map(), newSlot, makeStep });
}

function makeStep(node: Expression, scope: Scope): Step {
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'name':
    case 'select':
      return makeNamed(node, scope);
    case 'call':
      return makeCall(node, scope);
    case 'list':
      return makeList(node, scope);
    case 'map':
      return makeMap(node, scope);
    case 'struct':
      return makeStruct(node, scope);
    case 'comprehension':
      return makeFold(node, scope);
  }
}

function makeNamed(node: Extract<Expression, { kind: 'name' | 'select' }>, scope: Scope): Step {
  const name = scope.checked.names.get(node);
  if (name?.kind === 'type') {
    const value = new TypeValue(runtimeNameOf(name.type));
    return () => value;
  }
  return makeAttribute(node, scope);
}

function makeList({ items, optional }: ListExpression, scope: Scope): Step {
  const steps = items.map((item) => scope.makeStep(item, scope));
  return (frame) => {
    const values: Value[] = [];
    for (const [index, step] of steps.entries()) {
      const value = step(frame);
      if (!optional.has(index)) values.push(value);
      else if (optionalOf(value).value !== undefined) values.push(optionalOf(value).value ?? null);
    }
    frame.budget.spend(listCost);
    return new ItemList(values);
  };
}

function optionalOf(value: Value): OptionalValue {
  if (value instanceof OptionalValue) return value;
  throw new CelError('cannot initialize optional list element from non-optional value');
}

function makeMap({ entries }: MapExpression, scope: Scope): Step {
  const steps = entries.map(({ key, value, isOptional }) => ({
    key: scope.makeStep(key, scope),
    value: scope.makeStep(value, scope),
    isOptional,
  }));
  return (frame) => {
    const made = new Map<string | bigint | boolean, readonly [Value, Value]>();
    for (const step of steps) {
      const key = step.key(frame);
      const given = step.value(frame);
      const value = step.isOptional ? optionalOf(given).value : given;
      const known = isMapKey(key) ? mapKeyOf(key) : undefined;
      if (known === undefined) throw new CelError('unsupported key type');
      if (value === undefined) continue;
      if (made.has(known)) throw new CelError(`Failed with repeated key`);
      made.set(known, [key, value]);
    }
    frame.budget.spend(mapCost);
    return new EntryMap(made);
  };
}

function makeStruct({ name, fields }: StructExpression, scope: Scope): Step {
  const steps = fields.map((field) => ({ ...field, step: scope.makeStep(field.value, scope) }));
  return (frame) => {
    const made = new Map<string, readonly [Value, Value]>();
    for (const field of steps) {
      const given = field.step(frame);
      const value = field.isOptional ? optionalOf(given).value : given;
      if (value !== undefined) made.set(field.name, [field.name, value]);
    }
    frame.budget.spend(structCost);
    return new EntryMap(made, name);
  };
}
