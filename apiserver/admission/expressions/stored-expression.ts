/** An expression of a stored object: compiled once, run with limits; what goes wrong is said in upstream's words. */

import { Budget, CostLimitError, perCallLimit } from '../../../machinery/cel/budget.ts';
import { CelError } from '../../../machinery/cel/cel-error.ts';
import { compile } from '../../../machinery/cel/compile.ts';
import type { Environment, Program, Variables } from '../../../machinery/cel/environment.ts';
import { dynType } from '../../../machinery/cel/types/cel-type.ts';
import { readJson } from '../../../machinery/cel/values/json.ts';
import type { Value } from '../../../machinery/cel/values/value.ts';

/** The expression failed. What that means is for the failure policy to say. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** All that may be spent has been: nothing else is run. */
export class OutOfBudgetError extends Error {
  override readonly name = 'OutOfBudgetError';
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

export class StoredExpression {
  readonly text: string;
  /** Undefined: it does not compile (any more). */
  readonly program: Program | undefined;
  readonly #problem: string;

  constructor(text: string, environment: Environment) {
    const { program, message = '' } = compile(text, environment);
    this.text = text;
    this.program = program;
    this.#problem = `compilation failed: ${message}`;
  }

  /** Throws ExpressionError and OutOfBudgetError. */
  evaluate(variables: Variables, budget: Budget): Value {
    try {
      return this.evaluateAsPart(variables, budget);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      throw new ExpressionError(`expression '${this.text}' resulted in error: ${error.message}`, { cause: error });
    }
  }

  /** As a part of another: throws CelError in the words of what failed. */
  evaluateAsPart(variables: Variables, budget: Budget): Value {
    if (this.program === undefined) throw new ExpressionError(`compilation error: ${this.#problem}`);
    const call = new Budget(perCallLimit);
    try {
      return readJson(this.program.evaluate(variables, call), dynType);
    } finally {
      charge(budget, call.spent);
    }
  }
}

function charge(budget: Budget, cost: number): void {
  try {
    budget.spend(cost);
  } catch (error) {
    throw error instanceof CostLimitError ? new OutOfBudgetError() : error;
  }
}
