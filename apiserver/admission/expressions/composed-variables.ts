/** `variables` of a policy: each is computed when an expression first asks for it, once for each request. */

import type { Variable } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { policyVariablesType } from '../../../kinds/admissionregistration/admission-environment.ts';
import type { Budget } from '../../../machinery/cel/budget.ts';
import { CelError } from '../../../machinery/cel/cel-error.ts';
import type { Environment, Variables } from '../../../machinery/cel/environment.ts';
import { type CelType, dynType } from '../../../machinery/cel/types/cel-type.ts';
import { lazyObject } from '../../../machinery/cel/values/lazy-object.ts';
import type { Value } from '../../../machinery/cel/values/value.ts';
import { StoredExpression } from './stored-expression.ts';

export interface ComposedVariables {
  readonly expressions: ReadonlyMap<string, StoredExpression>;
  /** What expressions after them may name. */
  readonly types: ReadonlyMap<string, CelType>;
}

/** Each may use those before it. */
export function compileVariables(
  variables: readonly DeepReadonly<Variable>[],
  environment: Environment,
): ComposedVariables {
  const expressions = new Map<string, StoredExpression>();
  const types = new Map<string, CelType>();
  for (const { name, expression } of variables) {
    const compiled = new StoredExpression(expression, environment.extend({ variables: policyVariablesType(types) }));
    expressions.set(name, compiled);
    types.set(name, compiled.program?.outputType ?? dynType);
  }
  return { expressions, types };
}

/** The values with `variables`, which take what they cost from `budget`. */
export function withComposed({ expressions }: ComposedVariables, values: Variables, budget: Budget): Variables {
  const fields = new Map<string, () => Value>();
  for (const [name, expression] of expressions) fields.set(name, () => computed(name, expression, all, budget));
  const all: Variables = { ...values, variables: lazyObject('kubernetes.variables', Object.fromEntries(fields)) };
  return all;
}

function computed(name: string, expression: StoredExpression, values: Variables, budget: Budget): Value {
  try {
    return expression.evaluateAsPart(values, budget);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new CelError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${error.message}`);
  }
}
