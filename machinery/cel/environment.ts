/**
 * CEL, the language of rules, conditions and selectors that users write. Read first: what an expression may use (an
 * environment), what compiling it gives (a program, or what is wrong with it), and what running it takes and costs.
 *
 * ```
 * const environment = makeEnvironment({ variables: { self: schemaType(schema) } });      // make-environment.ts
 * const compiled = compile('self.replicas < 9', environment);                           // compile.ts
 * if (compiled.program === undefined) return compiled.message;                          // ERROR: <input>:1:5: …
 * compiled.program.evaluate({ self: object }, new Budget(perObjectLimit));              // budget.ts
 * ```
 *
 * Types come from `types/`: `schemaType` (a structural schema), `definitionType` (a published definition), `dynType`,
 * and the rest of `cel-type.ts`. Values are plain JSON, read by the type of their variable when an expression looks
 * into them, and never copied up front; or values with methods of their own (`runAuthorized`
 * hands in authorizers, `lazyObject` what is computed when it is asked for).
 */

import type { Budget } from './budget.ts';
import type { CelType, ObjectType } from './types/cel-type.ts';
import type { Value } from './values/value.ts';

/** Beside the base, which all environments have: authorizers; typed objects and JSON patches of mutating policies. */
export type Library = 'authorizer' | 'mutation';

export interface EnvironmentOptions {
  /** What an expression may name, each with its type. `object.x` is one name of two parts. */
  readonly variables: Readonly<Record<string, CelType>>;
  readonly libraries?: readonly Library[];
  /** Types that an expression may construct by name: `Object{spec: …}`. */
  readonly constructible?: readonly ObjectType[];
}

/** Made once, used by many expressions. Immutable. */
export interface Environment extends EnvironmentOptions {
  /** The same with more variables. */
  extend(more: Readonly<Record<string, CelType>>): Environment;
}

export type Compilation =
  | { readonly program: Program; readonly message?: undefined; readonly issues?: undefined }
  | {
      readonly program?: undefined;
      /** All issues in the compiler's words, each with its place: `ERROR: <input>:1:5: undefined field 'x'\n | …`. */
      readonly message: string;
      readonly issues: readonly Issue[];
    };

export interface Issue {
  /** From 1. */
  readonly line: number;
  /** In characters, from 0. */
  readonly column: number;
  readonly message: string;
}

/** By the names that the environment declares: plain JSON, or a value of CEL. What is missing fails when it is read. */
export type Variables = Readonly<Record<string, unknown>>;

/** A compiled expression. Immutable: it may be kept and run any number of times, also while another runs. */
export interface Program {
  readonly outputType: CelType;
  /** The variables that it reads: whether a rule needs `oldSelf`, a policy `params`. */
  readonly variables: ReadonlySet<string>;
  /**
   * Runs it. Takes what it costs from `budget`; throws `CelError` in upstream's words when the expression fails, and
   * `CostLimitError` when the budget is used up, and nothing else. Gives a value of CEL (`values/value.ts`): booleans
   * and strings are themselves, `toJson` makes plain JSON of any.
   */
  evaluate(variables: Variables, budget: Budget): Value;
  /** What one run may cost, whatever the values are: by the sizes that the types of its variables admit. */
  estimateCost(): CostRange;
}

export interface CostRange {
  readonly min: number;
  readonly max: number;
}
