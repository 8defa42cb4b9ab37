/** The CEL expressions of an admission policy: what they may use, and its variables. */

import type { Variable } from '../../api/types/admissionregistration/v1.ts';
import { checkExpression } from '../../machinery/cel/cel.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { admissionVariables } from './webhooks.ts';

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

export interface PolicyExpressions {
  /** Of match conditions. */
  readonly plain: readonly string[];
  /** Of everything else: the policy's own variables too. */
  readonly composed: readonly string[];
  /** Expressions of the stored object, which are not compiled again. */
  readonly before: ReadonlySet<string>;
}

export function policyExpressions(
  spec: { paramKind?: unknown; variables?: readonly Variable[] },
  before: ReadonlySet<string>,
): PolicyExpressions {
  const plain = spec.paramKind === undefined ? admissionVariables : [...admissionVariables, 'params'];
  return { plain, composed: (spec.variables ?? []).length > 0 ? [...plain, 'variables'] : plain, before };
}

export function validateExpression(
  expression: string,
  types: readonly string[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  { composed, before }: PolicyExpressions,
): void {
  if (before.has(expression)) return;
  const problem = checkExpression(expression, { variables: composed, ...(types && { types }) });
  if (problem !== undefined) errors.invalid(path, expression, problem);
}

export function validateVariables(
  variables: readonly Variable[],
  path: FieldPath,
  errors: FieldErrors,
  expressions: PolicyExpressions,
): void {
  const names = new Set<string>();
  for (const [i, { name = '', expression = '' }] of variables.entries()) {
    const at = path.index(i);
    if (name.trim() === '') errors.required(at.child('name'), 'name is not specified');
    else if (!identifier.test(name) || reserved.has(name)) {
      errors.invalid(at.child('name'), name, 'must be a valid CEL identifier');
    } else if (names.has(name)) errors.duplicate(at.child('name'), name);
    names.add(name);
    if (expression.trim() === '') errors.required(at.child('expression'), 'expression is not specified');
    else validateExpression(expression, undefined, at.child('expression'), errors, expressions);
  }
}
