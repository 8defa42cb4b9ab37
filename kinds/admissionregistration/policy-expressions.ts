/** The CEL expressions of an admission policy: what they may use, and its variables. */

import type { Variable } from '../../api/types/admissionregistration/v1.ts';
import { compile } from '../../machinery/cel/compile.ts';
import type { Environment } from '../../machinery/cel/environment.ts';
import { expressionProblem } from '../../machinery/cel/expression-problem.ts';
import { type CelType, dynType } from '../../machinery/cel/types/cel-type.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { admissionEnvironment, policyVariablesType } from './admission-environment.ts';

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

export interface PolicyExpressions {
  /** Of match conditions. */
  readonly plain: Environment;
  /** Of everything else: the policy's own variables too. */
  readonly composed: Environment;
  /** Of messages: nobody is asked there. */
  readonly unauthorized: Environment;
  /** Expressions of the stored object, which are not compiled again. */
  readonly before: ReadonlySet<string>;
}

interface ExpressionsOf {
  readonly paramKind?: unknown;
  readonly variables?: readonly Variable[];
}

export function policyExpressions(
  { paramKind, variables = [] }: ExpressionsOf,
  before: ReadonlySet<string>,
  isMutating = false,
): PolicyExpressions {
  const options = { hasParams: paramKind !== undefined, isMutating };
  const plain = admissionEnvironment({ ...options, isMutating: false });
  const own = withVariables(admissionEnvironment(options), variables);
  const unauthorized = withVariables(admissionEnvironment({ ...options, hasAuthorizer: false }), variables);
  return { plain, composed: own, unauthorized, before };
}

/** Each may use those before it. One that does not compile may be anything: it is refused by itself. */
export function withVariables(environment: Environment, variables: readonly Variable[]): Environment {
  const types = new Map<string, CelType>();
  let known = environment;
  for (const { name = '', expression = '' } of variables) {
    types.set(name, compile(expression, known).program?.outputType ?? dynType);
    known = environment.extend({ variables: policyVariablesType(types) });
  }
  return known;
}

export function validateExpression(
  expression: string,
  types: readonly string[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  { composed, before }: PolicyExpressions,
): void {
  if (before.has(expression)) return;
  const problem = expressionProblem(expression, composed, types);
  if (problem !== undefined) errors.invalid(path, expression, problem);
}

export function validateVariables(
  variables: readonly Variable[],
  path: FieldPath,
  errors: FieldErrors,
  expressions: PolicyExpressions,
): void {
  const names = new Set<string>();
  // A variable sees those before it, and an empty object where there are none.
  const types = new Map<string, CelType>();
  let composed = expressions.plain.extend({ variables: policyVariablesType(types) });
  for (const [i, { name = '', expression = '' }] of variables.entries()) {
    const at = path.index(i);
    if (name.trim() === '') errors.required(at.child('name'), 'name is not specified');
    else if (!identifier.test(name) || reserved.has(name)) {
      errors.invalid(at.child('name'), name, 'must be a valid CEL identifier');
    } else if (names.has(name)) errors.duplicate(at.child('name'), name);
    names.add(name);
    if (expression.trim() === '') errors.required(at.child('expression'), 'expression is not specified');
    else validateExpression(expression, undefined, at.child('expression'), errors, { ...expressions, composed });
    types.set(name, compile(expression, composed).program?.outputType ?? dynType);
    composed = expressions.plain.extend({ variables: policyVariablesType(types) });
  }
}
