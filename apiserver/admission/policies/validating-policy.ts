/**
 * A ValidatingAdmissionPolicy, compiled, and what it says of one request with one parameter. Pure, but that others have
 * their turn between two of its expressions: each is bounded, all of them together are not bounded enough.
 */

import type { ValidatingAdmissionPolicy, Validation } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { Turns } from '../../../base/turns.ts';
import { Budget, perObjectLimit } from '../../../machinery/cel/budget.ts';
import type { Variables } from '../../../machinery/cel/environment.ts';
import type { ConditionsResult } from '../expressions/match-conditions.ts';
import { ExpressionError, OutOfBudgetError, StoredExpression } from '../expressions/stored-expression.ts';
import { type CompiledPolicy, compilePolicy, conditionsOfPolicy, withVariables } from './compiled-policy.ts';

export interface CompiledValidatingPolicy extends CompiledPolicy {
  readonly validations: readonly CompiledValidation[];
  readonly auditAnnotations: readonly { readonly key: string; readonly expression: StoredExpression }[];
}

interface CompiledValidation {
  readonly validation: DeepReadonly<Validation>;
  readonly expression: StoredExpression;
  readonly message: StoredExpression | undefined;
}

export interface Denial {
  /** Of the validation, from 0. */
  readonly index: number;
  readonly message: string;
  readonly reason: string;
  /** It could not be evaluated. */
  readonly isError: boolean;
}

export interface PolicyVerdict {
  readonly conditions: ConditionsResult;
  readonly denials: readonly Denial[];
  readonly auditAnnotations: readonly (readonly [key: string, value: string])[];
  /** Annotations that could not be made: they deny the request, whatever the binding does with denials. */
  readonly annotationErrors: readonly string[];
}

const longestMessageBytes = 5 * 1024;

export function compileValidatingPolicy({
  spec = {},
}: DeepReadonly<ValidatingAdmissionPolicy>): CompiledValidatingPolicy {
  const { validations = [], auditAnnotations = [] } = spec;
  const { policy, environmentOf } = compilePolicy(spec);
  const environment = environmentOf();
  // Messages and annotations say what was judged; they ask nobody.
  const plain = environmentOf({ hasAuthorizer: false });
  return {
    ...policy,
    validations: validations.map((validation) => ({
      validation,
      expression: new StoredExpression(validation.expression, environment),
      message: validation.messageExpression ? new StoredExpression(validation.messageExpression, plain) : undefined,
    })),
    auditAnnotations: auditAnnotations.map(({ key, valueExpression }) => ({
      key,
      expression: new StoredExpression(valueExpression, plain),
    })),
  };
}

/** `values`: what expressions may name, but for `variables`. */
export async function evaluateValidatingPolicy(
  policy: CompiledValidatingPolicy,
  values: Variables,
): Promise<PolicyVerdict> {
  const conditions = await conditionsOfPolicy(policy, values);
  const nothing = { conditions, denials: [], auditAnnotations: [], annotationErrors: [] };
  if (conditions.type === 'unmet') return nothing;
  if (conditions.type === 'errors') return { ...nothing, denials: [errorDenial(conditions.message)] };
  return { ...nothing, denials: await denialsOf(policy, values), ...(await annotationsOf(policy, values)) };
}

const errorDenial = (message: string): Denial => ({ index: 0, message, reason: 'Invalid', isError: true });

async function denialsOf(policy: CompiledValidatingPolicy, values: Variables): Promise<readonly Denial[]> {
  const turns = new Turns();
  const denials: Denial[] = [];
  const budget = new Budget(perObjectLimit);
  const all = withVariables(policy, values, budget);
  try {
    for (const [index, one] of policy.validations.entries()) {
      await turns.pause();
      const denial = denialOf(one, all, budget);
      if (denial !== undefined && !(denial.isError && policy.ignoresErrors)) denials.push({ ...denial, index });
    }
    return denials;
  } catch (error) {
    if (!(error instanceof OutOfBudgetError)) throw error;
    return policy.ignoresErrors ? [] : [errorDenial(error.message)];
  }
}

function denialOf(
  { validation, expression, message }: CompiledValidation,
  values: Variables,
  budget: Budget,
): Omit<Denial, 'index'> | undefined {
  try {
    if (expression.evaluate(values, budget) === true) return undefined;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return errorDenial(error.message);
  }
  const said = message === undefined ? '' : messageFrom(message, values, budget);
  const plain = said === '' ? (validation.message ?? '').trim() : said;
  return {
    message: plain === '' ? `failed expression: ${expression.text.trim()}` : plain,
    reason: validation.reason ?? 'Invalid',
    isError: false,
  };
}

/** Empty where it fails, or says what cannot be shown. */
function messageFrom(message: StoredExpression, values: Variables, budget: Budget): string {
  try {
    const value = message.evaluate(values, budget);
    const text = typeof value === 'string' ? value.trim() : '';
    return Buffer.byteLength(text) > longestMessageBytes || text.includes('\n') ? '' : text;
  } catch (error) {
    if (error instanceof ExpressionError) return '';
    throw error;
  }
}

async function annotationsOf(
  policy: CompiledValidatingPolicy,
  values: Variables,
): Promise<Pick<PolicyVerdict, 'auditAnnotations' | 'annotationErrors'>> {
  const turns = new Turns();
  const budget = new Budget(perObjectLimit);
  const all = withVariables(policy, values, budget);
  const auditAnnotations: [string, string][] = [];
  const annotationErrors: string[] = [];
  for (const { key, expression } of policy.auditAnnotations) {
    await turns.pause();
    try {
      const value = expression.evaluate(all, budget);
      const text = typeof value === 'string' ? value.trim() : '';
      if (text !== '') auditAnnotations.push([key, text]);
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof OutOfBudgetError)) throw error;
      if (!policy.ignoresErrors) annotationErrors.push(error.message);
      if (error instanceof OutOfBudgetError) break;
    }
  }
  return { auditAnnotations, annotationErrors };
}
