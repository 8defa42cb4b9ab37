/** What a node of an expression becomes: a function that computes its value, once the variables are there. */

import type { Budget } from '../budget.ts';
import type { Checked } from '../checker/checked.ts';
import type { Variables } from '../environment.ts';
import type { Expression } from '../syntax/expression.ts';
import type { Value } from '../values/value.ts';

/** Of one run. */
export interface Frame {
  readonly variables: Variables;
  readonly budget: Budget;
  /** Of folds and bindings, each in its slot. */
  readonly locals: (Value | undefined)[];
}

export type Step = (frame: Frame) => Value;

/** What is known while steps are made. */
export interface Scope {
  readonly checked: Checked;
  /** Which slot each local name has where a node stands. No two of an expression share one. */
  readonly slots: ReadonlyMap<string, number>;
  /** How those are computed that are computed when they are first asked for. */
  readonly pending: ReadonlyMap<number, Step>;
  readonly newSlot: () => number;
  readonly makeStep: (node: Expression, scope: Scope) => Step;
}

/** One more name inside. */
export function withLocal(
  scope: Scope,
  name: string,
  pending?: Step,
): { readonly scope: Scope; readonly slot: number } {
  const slot = scope.newSlot();
  const slots = new Map([...scope.slots, [name, slot]]);
  const all = pending === undefined ? scope.pending : new Map([...scope.pending, [slot, pending]]);
  return { slot, scope: { ...scope, slots, pending: all } };
}
