/** Match conditions of webhooks and policies: which of the requests that its rules mean it is really asked about. */

import type { JsonRecord } from '../../../api/json-record.ts';
import { forbidden } from '../../../api/status-error.ts';
import type { MatchCondition } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { errorText } from '../../../base/error-text.ts';
import { admissionEnvironment } from '../../../kinds/admissionregistration/admission-environment.ts';
import { Budget, matchConditionsLimit } from '../../../machinery/cel/budget.ts';
import { compile } from '../../../machinery/cel/compile.ts';
import type { Compilation } from '../../../machinery/cel/environment.ts';
import type { AuthorizerValues } from '../../../machinery/cel/functions/authorizers.ts';
import type { Value } from '../../../machinery/cel/values/value.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { admissionAttributes } from '../matching/admission-attributes.ts';
import { type Match, shownObject, shownPrevious } from '../matching/admitted-object.ts';
import { nameOf } from '../matching/request-matcher.ts';
import type { ConditionMetrics } from './condition-metrics.ts';
import { type Decide, runWithAuthorizer } from './expression-authorizer.ts';

export interface CompiledConditions {
  readonly conditions: readonly { readonly expression: string; readonly compilation: Compilation }[];
  /** One that cannot be evaluated counts as false. */
  readonly ignoresErrors: boolean;
}

export interface ConditionParts {
  readonly conditionMetrics: ConditionMetrics;
  /** Asked by conditions that ask the authorizer. */
  readonly decide: Decide;
}

export function compileConditions(
  conditions: readonly DeepReadonly<MatchCondition>[],
  ignoresErrors: boolean,
): CompiledConditions {
  const environment = admissionEnvironment();
  return {
    conditions: conditions.map(({ expression }) => ({ expression, compilation: compile(expression, environment) })),
    ignoresErrors,
  };
}

export interface AskedCondition {
  readonly request: AdmissionRequest;
  readonly match: Match;
  /** Of the webhook. */
  readonly name: string;
  readonly type: 'admit' | 'validating';
  readonly isBeforeStored: boolean;
}

/** Throws Forbidden when conditions fail, none is false, and failures count. */
export async function meetsConditions(
  { conditions, ignoresErrors }: CompiledConditions,
  asked: AskedCondition,
  { conditionMetrics, decide }: ConditionParts,
): Promise<boolean> {
  if (conditions.length === 0) return true;
  const { request, name, type } = asked;
  const observed = { name, kind: 'webhook', type, operation: request.operation } as const;
  const values = await valuesFor(asked);
  const failures = new Set<string>();
  const budget = new Budget(matchConditionsLimit);
  for (const { expression, compilation } of conditions) {
    try {
      const evaluate = (authorizing: AuthorizerValues) =>
        evaluated(compilation, { ...values, ...shownAuthorizers(authorizing) }, budget);
      if ((await runWithAuthorizer(evaluate, asked, decide)) !== false) continue;
      conditionMetrics.excluded(observed);
      return false;
    } catch (error) {
      conditionMetrics.failed(observed);
      failures.add(`expression '${expression}' resulted in error: ${errorText(error)}`);
    }
  }
  if (failures.size === 0) return true;
  if (ignoresErrors) return false;
  const [first = ''] = failures;
  throw forbidden(request.kind, nameOf(request), failures.size === 1 ? first : `[${[...failures].join(', ')}]`);
}

/** One that was stored and does not compile any more fails whenever it is asked. */
function evaluated({ program, message }: Compilation, values: JsonRecord, budget: Budget): Value {
  if (program === undefined) throw new Error(`compilation failed: ${message}`);
  return program.evaluate(values, budget.part());
}

const shownAuthorizers = ({ authorizer, requestResource }: AuthorizerValues): JsonRecord => ({
  authorizer,
  'authorizer.requestResource': requestResource,
});

async function valuesFor({ request, match, isBeforeStored }: AskedCondition): Promise<JsonRecord> {
  return {
    object: (await shownObject(request, match, isBeforeStored)) ?? null,
    oldObject: (await shownPrevious(request, match)) ?? null,
    request: admissionAttributes(request, match),
    namespaceObject: null,
  };
}
