/** The tree of an expression, as the parser makes it: macros are expanded already. Plain data. */

import type { Value } from '../values/value.ts';

export type Expression =
  | LiteralExpression
  | NameExpression
  | SelectExpression
  | CallExpression
  | ListExpression
  | MapExpression
  | StructExpression
  | Comprehension;

interface Node {
  /** Where it stands in the text: names and literals at their beginning, all others at their sign or bracket. */
  readonly at: number;
}

export interface LiteralExpression extends Node {
  readonly kind: 'literal';
  readonly value: Value;
}

export interface NameExpression extends Node {
  readonly kind: 'name';
  readonly name: string;
}

export interface SelectExpression extends Node {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** `has(x.field)` */
  readonly isTest: boolean;
}

/** Operators are calls too: `_+_`, `_?._`. */
export interface CallExpression extends Node {
  readonly kind: 'call';
  readonly name: string;
  /** What a method is called on. */
  readonly target?: Expression;
  readonly args: readonly Expression[];
}

export interface ListExpression extends Node {
  readonly kind: 'list';
  readonly items: readonly Expression[];
  /** `[?x]`: those that are left out when they have no value. */
  readonly optional: ReadonlySet<number>;
}

export interface MapExpression extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly key: Expression;
  readonly value: Expression;
  readonly isOptional: boolean;
  readonly at: number;
}

export interface StructExpression extends Node {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly StructField[];
}

export interface StructField {
  readonly name: string;
  readonly value: Expression;
  readonly isOptional: boolean;
  readonly at: number;
}

/** What the macros become: a fold of `range` from `initial` on, by `step` for as long as `condition` holds. */
export interface Comprehension extends Node {
  readonly kind: 'comprehension';
  readonly range: Expression;
  /** The item of a list or key of a map; of two variables the index or key. */
  readonly variable: string;
  /** Of two variables: the item or value. */
  readonly secondVariable?: string;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}
