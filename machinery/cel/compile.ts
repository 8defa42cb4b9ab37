/** Text of an expression to a program: reads it, checks its types and its literals, and makes its steps. */

import type { Budget } from './budget.ts';
import { CelError } from './cel-error.ts';
import type { Checked } from './checker/checked.ts';
import { check } from './checker/checker.ts';
import { literalProblems } from './checker/literal-arguments.ts';
import { estimateCost } from './cost/estimate.ts';
import type { Compilation, Environment, Program, Variables } from './environment.ts';
import { makeProgramStep } from './evaluate/make-step.ts';
import type { Step } from './evaluate/step.ts';
import { AuthorizationNeeded } from './functions/authorizers.ts';
import { declaredIn } from './make-environment.ts';
import { parse } from './syntax/parser.ts';
import { type Problem, showProblems } from './syntax/source.ts';
import type { Value } from './values/value.ts';

export function compile(expression: string, environment: Environment): Compilation {
  const refuse = (problems: readonly Problem[]): Compilation => showProblems(expression, problems);
  const parsed = parse(expression);
  if ('problems' in parsed) return refuse(parsed.problems);
  const result = check(parsed.expression, declaredIn(environment));
  if ('problems' in result) return refuse(result.problems);
  const problems = literalProblems(result.checked);
  return problems.length > 0 ? refuse(problems) : { program: makeProgram(result.checked) };
}

function makeProgram(checked: Checked): Program {
  let step: Step | undefined;
  return {
    outputType: checked.typeOf(checked.expression),
    variables: checked.variables,
    evaluate(variables, budget) {
      // Many are compiled to be checked only.
      step ??= makeProgramStep(checked);
      return evaluate(step, variables, budget);
    },
    estimateCost: () => estimateCost(checked),
  };
}

function evaluate(step: Step, variables: Variables, budget: Budget): Value {
  const { spent } = budget;
  try {
    return step({ variables, budget, locals: [] });
  } catch (error) {
    // It will run again, and pays then.
    if (error instanceof AuthorizationNeeded) budget.refund(budget.spent - spent);
    if (error instanceof RangeError) throw new CelError('expression is nested too deeply');
    throw error;
  }
}
