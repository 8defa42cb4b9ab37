/** Calls of functions and operators: arguments, then the overload for their types. Logic looks at no more than it must. */

import { CostLimitError } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { callCostOf } from '../cost/call-costs.ts';
import { noSuchOverload, type Overload } from '../functions/function-table.ts';
import type { CallExpression } from '../syntax/expression.ts';
import { OptionalValue, type Value } from '../values/value.ts';
import { makeIndex, makeOptionalSelection } from './attributes.ts';
import type { Frame, Scope, Step } from './step.ts';

export function makeCall(node: CallExpression, scope: Scope): Step {
  switch (node.name) {
    case '_&&_':
      return makeLogic(node, scope, false);
    case '_||_':
      return makeLogic(node, scope, true);
    case '_?_:_':
      return makeChoice(node, scope);
    case '_[_]':
      return makeIndex(node, scope);
    case '_?._':
    case '_[?_]':
      return makeOptionalSelection(node, scope);
    case '@not_strictly_false':
      return makeNotStrictlyFalse(node, scope);
    case 'or':
    case 'orValue':
      return makeAlternative(node, scope);
    default:
      return makeFunctionCall(node, scope);
  }
}

function stepsOf({ args }: CallExpression, scope: Scope): Step[] {
  return args.map((arg) => scope.makeStep(arg, scope));
}

function makeFunctionCall(node: CallExpression, scope: Scope): Step {
  const call = scope.checked.calls.get(node);
  if (call === undefined) throw new Error(`${node.name} was not checked`);
  const { target } = node;
  const steps = stepsOf(node, scope);
  if (call.isMethod && target !== undefined) steps.unshift(scope.makeStep(target, scope));
  const [only] = call.overloads.length === 1 ? call.overloads : [];
  const costOf = callCostOf(call.name, only?.text);
  const run = dispatcher(call.name, only, call.candidates);
  return (frame) => {
    const args = steps.map((step) => step(frame));
    const result = run(args, frame);
    frame.budget.spend(costOf(args, result, frame.budget));
    return result;
  };
}

/** The one that the checker found, if its types are what they seemed; otherwise whichever fits. */
function dispatcher(
  name: string,
  only: Overload | undefined,
  candidates: readonly Overload[],
): (args: readonly Value[], frame: Frame) => Value {
  return (args, { budget }) => {
    const overload = only?.admits(args) ? only : candidates.find((one) => one.admits(args));
    if (overload === undefined) throw noSuchOverload(name, args);
    return overload.run(args, budget);
  };
}

/** `decisive` on either side decides, whatever is wrong with the other. */
function makeLogic(node: CallExpression, scope: Scope, decisive: boolean): Step {
  const [left, right] = stepsOf(node, scope);
  if (left === undefined || right === undefined) throw new Error('logic has two sides');
  return (frame) => {
    const first = attempt(left, frame);
    if (first === decisive) return decisive;
    const second = attempt(right, frame);
    if (second === decisive) return decisive;
    if (first instanceof CelError) throw first;
    if (second instanceof CelError) throw second;
    if (typeof first !== 'boolean' || typeof second !== 'boolean') throw new CelError('no such overload');
    return !decisive;
  };
}

/** What goes wrong is a value here; but a used up budget ends everything. */
function attempt(step: Step, frame: Frame): Value | CelError {
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof CelError && !(error instanceof CostLimitError)) return error;
    throw error;
  }
}

function makeChoice(node: CallExpression, scope: Scope): Step {
  const [condition, yes, no] = stepsOf(node, scope);
  if (condition === undefined || yes === undefined || no === undefined) throw new Error('a choice has three parts');
  return (frame) => {
    const value = condition(frame);
    if (typeof value !== 'boolean') throw new CelError('no such overload');
    return value ? yes(frame) : no(frame);
  };
}

function makeNotStrictlyFalse(node: CallExpression, scope: Scope): Step {
  const [step] = stepsOf(node, scope);
  if (step === undefined) throw new Error('there is one argument');
  return (frame) => {
    const value = attempt(step, frame);
    frame.budget.spend(1);
    return value !== false;
  };
}

/** `a.or(b)`, `a.orValue(b)`: what stands behind is looked at only where there is no value. */
function makeAlternative(node: CallExpression, scope: Scope): Step {
  const { target, args, name } = node;
  const [alternative] = args;
  if (target === undefined || alternative === undefined) throw new Error('there are two sides');
  const first = scope.makeStep(target, scope);
  const second = scope.makeStep(alternative, scope);
  return (frame) => {
    const value = first(frame);
    if (!(value instanceof OptionalValue)) throw noSuchOverload(name, [value]);
    frame.budget.spend(1);
    if (value.value === undefined) return second(frame);
    return name === 'or' ? value : value.value;
  };
}
