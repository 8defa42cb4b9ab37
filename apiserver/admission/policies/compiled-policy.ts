/** What policies of both kinds are compiled to, before what they do: variables and match conditions. */

import type { MatchCondition, ParamKind, Variable } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import {
  type AdmissionEnvironmentOptions,
  admissionEnvironment,
  policyVariablesType,
} from '../../../kinds/admissionregistration/admission-environment.ts';
import { Budget, perObjectLimit } from '../../../machinery/cel/budget.ts';
import type { Environment, Variables } from '../../../machinery/cel/environment.ts';
import { type ComposedVariables, compileVariables, withComposed } from '../expressions/composed-variables.ts';
import {
  type CompiledConditions,
  type ConditionsResult,
  compileConditions,
  evaluateConditions,
} from '../expressions/match-conditions.ts';

export interface CompiledPolicy {
  readonly ignoresErrors: boolean;
  readonly variables: ComposedVariables;
  readonly conditions: CompiledConditions;
}

type Spec = DeepReadonly<{
  failurePolicy?: string;
  paramKind?: ParamKind;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}>;

interface PolicyCompilation {
  readonly policy: CompiledPolicy;
  /** Of the expressions that the policy's work is done by. */
  environmentOf(options?: Omit<AdmissionEnvironmentOptions, 'hasParams'>): Environment;
}

export function compilePolicy({
  paramKind,
  variables = [],
  matchConditions = [],
  failurePolicy,
}: Spec): PolicyCompilation {
  const ignoresErrors = failurePolicy === 'Ignore';
  const hasParams = paramKind !== undefined;
  const composed = compileVariables(variables, admissionEnvironment({ hasParams }));
  const environmentOf = (options: Omit<AdmissionEnvironmentOptions, 'hasParams'> = {}) =>
    admissionEnvironment({ ...options, hasParams }).extend({ variables: policyVariablesType(composed.types) });
  const conditions = compileConditions(matchConditions, ignoresErrors, environmentOf());
  return { policy: { ignoresErrors, variables: composed, conditions }, environmentOf };
}

/** The values with those of the policy's variables, which take what they cost from `budget`. */
export const withVariables = ({ variables }: CompiledPolicy, values: Variables, budget: Budget): Variables =>
  withComposed(variables, values, budget);

export const conditionsOfPolicy = (policy: CompiledPolicy, values: Variables): Promise<ConditionsResult> =>
  evaluateConditions(policy.conditions, withVariables(policy, values, new Budget(perObjectLimit)));
