/** Match conditions of webhooks and policies: which of the requests that its rules mean it is really asked about. */

import type { JsonRecord } from '../../../api/json-record.ts';
import { forbidden } from '../../../api/status-error.ts';
import type { MatchCondition } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { errorText } from '../../../base/error-text.ts';
import { type CelExpression, compileExpression } from '../../../machinery/cel/evaluate.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { admissionAttributes } from '../matching/admission-attributes.ts';
import { type Match, shownObject, shownPrevious } from '../matching/admitted-object.ts';
import { nameOf } from '../matching/request-matcher.ts';
import type { ConditionMetrics } from './condition-metrics.ts';

export interface CompiledConditions {
  readonly conditions: readonly { readonly expression: string; readonly evaluate: CelExpression }[];
  /** One that cannot be evaluated counts as false. */
  readonly ignoresErrors: boolean;
}

export interface ConditionParts {
  readonly conditionMetrics: ConditionMetrics;
}

const variables = ['object', 'oldObject', 'request', 'namespaceObject', 'authorizer'];

export function compileConditions(
  conditions: readonly DeepReadonly<MatchCondition>[],
  ignoresErrors: boolean,
): CompiledConditions {
  return {
    conditions: conditions.map(({ expression }) => ({ expression, evaluate: compiled(expression) })),
    ignoresErrors,
  };
}

/** One that was stored and does not compile any more fails whenever it is asked. */
function compiled(expression: string): CelExpression {
  try {
    return compileExpression(expression, variables);
  } catch (error) {
    return () => {
      throw error;
    };
  }
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
  { conditionMetrics }: ConditionParts,
): Promise<boolean> {
  if (conditions.length === 0) return true;
  const { request, name, type } = asked;
  const observed = { name, kind: 'webhook', type, operation: request.operation } as const;
  const values = await valuesFor(asked);
  const failures = new Set<string>();
  for (const { expression, evaluate } of conditions) {
    try {
      if (evaluate(values) !== false) continue;
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

async function valuesFor({ request, match, isBeforeStored }: AskedCondition): Promise<JsonRecord> {
  return {
    object: (await shownObject(request, match, isBeforeStored)) ?? null,
    oldObject: (await shownPrevious(request, match)) ?? null,
    request: admissionAttributes(request, match),
    namespaceObject: null,
  };
}
