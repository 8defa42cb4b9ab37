/** Match conditions of webhooks and policies: which of the requests that its rules mean it is really asked about. */

import { forbidden } from '../../../api/status-error.ts';
import type { MatchCondition } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { Turns } from '../../../base/turns.ts';
import { admissionEnvironment } from '../../../kinds/admissionregistration/admission-environment.ts';
import { Budget, matchConditionsLimit } from '../../../machinery/cel/budget.ts';
import type { Environment, Variables } from '../../../machinery/cel/environment.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import type { Match } from '../matching/admitted-object.ts';
import { nameOf } from '../matching/request-matcher.ts';
import type { ConditionMetrics, ObservedCondition } from './condition-metrics.ts';
import type { Decide } from './expression-authorizer.ts';
import { requestVariables, runForRequest } from './request-variables.ts';
import { ExpressionError, OutOfBudgetError, StoredExpression } from './stored-expression.ts';

export interface CompiledConditions {
  readonly conditions: readonly StoredExpression[];
  /** One that cannot be evaluated counts as false. */
  readonly ignoresErrors: boolean;
}

export function compileConditions(
  conditions: readonly DeepReadonly<MatchCondition>[],
  ignoresErrors: boolean,
  environment: Environment = admissionEnvironment(),
): CompiledConditions {
  return {
    conditions: conditions.map(({ expression }) => new StoredExpression(expression, environment)),
    ignoresErrors,
  };
}

/** `errors`: there are some, none is false, and failures count. */
export type ConditionsResult =
  | { readonly type: 'met' }
  | { readonly type: 'unmet'; readonly isExcluded: boolean; readonly failures: number }
  | { readonly type: 'errors'; readonly message: string; readonly failures: number };

/** One that is false is enough, whatever others say. */
export async function evaluateConditions(
  { conditions, ignoresErrors }: CompiledConditions,
  values: Variables,
): Promise<ConditionsResult> {
  const turns = new Turns();
  const budget = new Budget(matchConditionsLimit);
  const errors = new Set<string>();
  let failures = 0;
  for (const condition of conditions) {
    await turns.pause();
    try {
      if (condition.evaluate(values, budget) === false) return { type: 'unmet', isExcluded: true, failures };
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof OutOfBudgetError)) throw error;
      failures += 1;
      errors.add(error.message);
      if (error instanceof OutOfBudgetError) break;
    }
  }
  if (errors.size === 0) return { type: 'met' };
  if (ignoresErrors) return { type: 'unmet', isExcluded: false, failures };
  const [first = ''] = errors;
  return { type: 'errors', message: errors.size === 1 ? first : `[${[...errors].join(', ')}]`, failures };
}

export function observeConditions(
  metrics: ConditionMetrics,
  observed: ObservedCondition,
  result: ConditionsResult,
): void {
  if (result.type === 'met') return;
  for (let i = 0; i < result.failures; i += 1) metrics.failed(observed);
  if (result.type === 'unmet' && result.isExcluded) metrics.excluded(observed);
}

export interface ConditionParts {
  readonly conditionMetrics: ConditionMetrics;
  readonly decide: Decide;
}

export interface AskedCondition {
  readonly request: AdmissionRequest;
  readonly match: Match;
  /** Of the webhook. */
  readonly name: string;
  readonly type: 'admit' | 'validating';
  readonly isBeforeStored: boolean;
}

/** Of a webhook. Throws Forbidden when conditions fail, none is false, and failures count. */
export async function meetsConditions(
  compiled: CompiledConditions,
  { request, match, name, type, isBeforeStored }: AskedCondition,
  { conditionMetrics, decide }: ConditionParts,
): Promise<boolean> {
  if (compiled.conditions.length === 0) return true;
  const values = await requestVariables(request, match, { isBeforeStored });
  const result = await runForRequest({ request, match }, decide, (more) =>
    evaluateConditions(compiled, { ...values, ...more }),
  );
  observeConditions(conditionMetrics, { name, kind: 'webhook', type, operation: request.operation }, result);
  if (result.type === 'errors') throw forbidden(request.kind, nameOf(request), result.message);
  return result.type === 'met';
}
