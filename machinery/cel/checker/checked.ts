/** What the checker found out about each node of an expression: the evaluator and the estimate go by it. */

import type { Overload } from '../functions/function-table.ts';
import type { Expression } from '../syntax/expression.ts';
import type { CelType, ObjectType } from '../types/cel-type.ts';

export interface Checked {
  readonly expression: Expression;
  typeOf(node: Expression): CelType;
  /** What a name, or a chain of names with dots, stands for. Undefined: a chain is a selection of fields. */
  readonly names: ReadonlyMap<Expression, Name>;
  /** The overloads that a call may mean: several where types are known only when it runs. */
  readonly calls: ReadonlyMap<Expression, ResolvedCall>;
  readonly structs: ReadonlyMap<Expression, ObjectType>;
  /** Where items, keys or values of literals are of another type than those before them. */
  readonly mixed: ReadonlyMap<Expression, string>;
  /** All variables of the environment that are read. */
  readonly variables: ReadonlySet<string>;
}

export type Name =
  | { readonly kind: 'variable'; readonly name: string; readonly type: CelType }
  | { readonly kind: 'local'; readonly name: string }
  | { readonly kind: 'type'; readonly type: CelType };

export interface ResolvedCall {
  /** `ip.isCanonical` is a name of its own: there is no target then. */
  readonly name: string;
  readonly isMethod: boolean;
  readonly overloads: readonly Overload[];
  /** All of the name, of the same form. */
  readonly candidates: readonly Overload[];
}
