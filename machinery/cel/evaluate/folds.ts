/** Folds over lists and maps, and names for values. */

import { CostLimitError } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import type { Comprehension } from '../syntax/expression.ts';
import { isBinding } from '../syntax/macros.ts';
import { EntryGathering, ItemGathering } from '../values/gathering.ts';
import { ListValue, MapValue, type Value } from '../values/value.ts';
import { type Scope, type Step, withLocal } from './step.ts';

export function makeFold(node: Comprehension, scope: Scope): Step {
  return isBinding(node) ? makeBinding(node, scope) : makeLoop(node, scope);
}

/** What a fold over a list of nothing costs, which upstream makes of a name. */
const bindingCost = 10;

/** Its value is computed when it is first asked for. */
function makeBinding({ accumulator, initial, result }: Comprehension, scope: Scope): Step {
  const inner = withLocal(scope, accumulator, scope.makeStep(initial, scope));
  const then = inner.scope.makeStep(result, inner.scope);
  return (frame) => {
    frame.locals[inner.slot] = undefined;
    frame.budget.spend(bindingCost);
    return then(frame);
  };
}

function makeLoop(node: Comprehension, scope: Scope): Step {
  const gathered = withLocal(scope, node.accumulator);
  const first = withLocal(gathered.scope, node.variable);
  const second = node.secondVariable === undefined ? undefined : withLocal(first.scope, node.secondVariable);
  const inside = second?.scope ?? first.scope;
  const range = scope.makeStep(node.range, scope);
  const initial = scope.makeStep(node.initial, scope);
  const condition = inside.makeStep(node.condition, inside);
  const step = inside.makeStep(node.step, inside);
  const result = gathered.scope.makeStep(node.result, gathered.scope);
  const slot = gathered.slot;
  const decisive = decisiveValueOf(node);
  return (frame) => {
    const over = range(frame);
    const { locals } = frame;
    let failure: CelError | undefined;
    let value = gathering(initial(frame));
    for (const [key, item] of pairsOf(over, second !== undefined)) {
      locals[slot] = value;
      locals[first.slot] = key;
      if (second) locals[second.slot] = item;
      if (condition(frame) !== true) break;
      try {
        value = step(frame);
        if (value === decisive) failure = undefined;
      } catch (error) {
        if (!(error instanceof CelError) || error instanceof CostLimitError || decisive === undefined) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    locals[slot] = done(value);
    return result(frame);
  };
}

/** `all` and `exists`: what an item says that decides, although others failed before it. */
function decisiveValueOf({ step }: Comprehension): boolean | undefined {
  if (step.kind !== 'call') return undefined;
  return step.name === '_&&_' ? false : step.name === '_||_' ? true : undefined;
}

function* pairsOf(over: Value, isPair: boolean): Generator<readonly [Value, Value]> {
  if (over instanceof ListValue) {
    let index = 0n;
    for (const item of over) {
      yield isPair ? [index, item] : [item, item];
      index += 1n;
    }
  } else if (over instanceof MapValue) {
    for (const key of over.keys()) yield [key, isPair ? (over.get(key) ?? null) : null];
  } else {
    throw new CelError('no such overload');
  }
}

/** Lists and maps are filled in place. */
function gathering(initial: Value): Value {
  if (initial instanceof ListValue && initial.size === 0) return new ItemGathering();
  return initial instanceof MapValue && initial.size === 0 ? new EntryGathering() : initial;
}

const done = (value: Value): Value =>
  value instanceof ItemGathering || value instanceof EntryGathering ? value.done() : value;
