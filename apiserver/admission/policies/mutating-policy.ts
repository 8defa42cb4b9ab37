/** A MutatingAdmissionPolicy, compiled, and what one of its mutations makes of an object. Pure. */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { MutatingAdmissionPolicy } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { Budget, perObjectLimit } from '../../../machinery/cel/budget.ts';
import type { Variables } from '../../../machinery/cel/environment.ts';
import { toJson } from '../../../machinery/cel/values/json.ts';
import { applyJsonPatch } from '../../../machinery/patch/json-patch.ts';
import type { ObjectSchema } from '../../../machinery/schema/schema.ts';
import { ExpressionError, StoredExpression } from '../expressions/stored-expression.ts';
import { applyConfiguration } from './apply-configuration.ts';
import { type CompiledPolicy, compilePolicy, withVariables } from './compiled-policy.ts';

export interface CompiledMutatingPolicy extends CompiledPolicy {
  readonly mutations: readonly CompiledMutation[];
}

export interface CompiledMutation {
  readonly type: 'ApplyConfiguration' | 'JSONPatch';
  readonly expression: StoredExpression;
}

export function compileMutatingPolicy({ spec = {} }: DeepReadonly<MutatingAdmissionPolicy>): CompiledMutatingPolicy {
  const { policy, environmentOf } = compilePolicy(spec);
  const environment = environmentOf({ isMutating: true });
  const mutations = (spec.mutations ?? []).flatMap(({ patchType, applyConfiguration: apply, jsonPatch }) => {
    const text = patchType === 'JSONPatch' ? jsonPatch?.expression : apply?.expression;
    const type = patchType === 'JSONPatch' ? ('JSONPatch' as const) : ('ApplyConfiguration' as const);
    return text === undefined ? [] : [{ type, expression: new StoredExpression(text, environment) }];
  });
  return { ...policy, mutations };
}

/** The object after one mutation. Throws ExpressionError for what cannot be made of it. */
export function mutated(
  policy: CompiledMutatingPolicy,
  { type, expression }: CompiledMutation,
  {
    values,
    object,
    schema,
  }: { readonly values: Variables; readonly object: JsonRecord; readonly schema: ObjectSchema },
): JsonRecord {
  const budget = new Budget(perObjectLimit);
  const made = toJson(expression.evaluate(withVariables(policy, values, budget), budget));
  if (type === 'ApplyConfiguration') return applyConfiguration(schema, object, made);
  const operations = Array.isArray(made) ? made.filter(isRecord) : [];
  try {
    const changed = applyJsonPatch(object, operations);
    if (!isRecord(changed)) throw new ExpressionError('JSON Patch: the result is no object');
    return changed;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // What is tested and not so is no mistake: the patch is not meant for this object.
    if (operations.some(({ op }) => op === 'test')) return object;
    throw new ExpressionError(`JSON Patch: ${error.message}`, { cause: error });
  }
}
