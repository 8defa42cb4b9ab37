/** Rules of ValidatingAdmissionPolicy. */

import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  Validation,
} from '../../api/types/admissionregistration/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateChoice } from '../validation/choice.ts';
import { validateConditions } from '../validation/conditions.ts';
import { checkQualifiedName } from '../validation/names.ts';
import { validatePolicyMatch } from './policy.ts';
import {
  type PolicyExpressions,
  policyExpressions,
  validateExpression,
  validateVariables,
} from './policy-expressions.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const maxAuditAnnotations = 20;
const maxValueExpressionBytes = 5 * 1024;
const oneOfTwo = 'validations or auditAnnotations must contain at least one item';

export function validateValidatingPolicy(
  { metadata, spec = {} }: ValidatingAdmissionPolicy,
  errors: FieldErrors,
  before: ReadonlySet<string> = new Set(),
): void {
  const path = FieldPath.of('spec');
  const { validations = [], auditAnnotations = [], variables = [] } = spec;
  const expressions = policyExpressions(spec, before);
  validatePolicyMatch(spec, path, errors, expressions);
  validateVariables(variables, path.child('variables'), errors, expressions);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    errors.required(path.child('validations'), oneOfTwo);
    errors.required(path.child('auditAnnotations'), oneOfTwo);
    return;
  }
  for (const [i, one] of validations.entries()) {
    validateValidation(one, path.child('validations').index(i), errors, expressions);
  }
  validateAnnotations(auditAnnotations, metadata?.name ?? '', path.child('auditAnnotations'), errors, expressions);
}

export function validateValidatingPolicyStatus({ status }: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const path = FieldPath.of('status');
  for (const [i, { fieldRef = '', warning = '' }] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const at = path.child('typeChecking', 'expressionWarnings').index(i);
    if (warning === '') errors.required(at.child('warning'));
    if (fieldRef.trim() === '') errors.required(at.child('fieldRef'));
  }
  validateConditions(status?.conditions, path.child('conditions'), errors);
}

/** Every expression that a policy has. */
export function expressionsOfPolicy({ spec = {} }: ValidatingAdmissionPolicy): Set<string> {
  const { matchConditions = [], variables = [], validations = [], auditAnnotations = [] } = spec;
  return new Set([
    ...[...matchConditions, ...variables].map(({ expression }) => expression),
    ...validations.flatMap(({ expression, messageExpression = '' }) => [expression, messageExpression]),
    ...auditAnnotations.map(({ valueExpression }) => valueExpression),
  ]);
}

function validateValidation(
  { expression = '', message = '', messageExpression = '', reason }: Validation,
  path: FieldPath,
  errors: FieldErrors,
  expressions: PolicyExpressions,
): void {
  if (expression.trim() === '') errors.required(path.child('expression'), 'expression is not specified');
  else validateExpression(expression, ['bool'], path.child('expression'), errors, expressions);
  const at = path.child('messageExpression');
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.invalid(at, messageExpression, 'must be non-empty if specified');
  } else if (messageExpression !== '') {
    validateExpression(messageExpression, ['string'], at, errors, {
      ...expressions,
      composed: expressions.unauthorized,
    });
  }
  if (message !== '' && message.trim() === '') {
    errors.invalid(path.child('message'), message, 'message must be non-empty if specified');
  } else if (/[\n\r]/.test(message.trim())) {
    errors.invalid(path.child('message'), message, 'message must not contain line breaks');
  }
  validateChoice(reason, reasons, path.child('reason'), errors);
}

function validateAnnotations(
  annotations: readonly AuditAnnotation[],
  policyName: string,
  path: FieldPath,
  errors: FieldErrors,
  expressions: PolicyExpressions,
): void {
  if (annotations.length > maxAuditAnnotations) {
    errors.invalid(path, annotations, `must not have more than ${maxAuditAnnotations} auditAnnotations`);
  }
  const keys = new Set<string>();
  for (const [i, { key = '', valueExpression = '' }] of annotations.entries()) {
    const at = path.index(i);
    const name = `${policyName}/${key}`;
    if (policyName === '') errors.invalid(at.child('key'), key, 'requires metadata.name be non-empty');
    else for (const message of checkQualifiedName(name)) errors.invalid(at.child('key'), name, message);
    const trimmed = valueExpression.trim();
    const value = at.child('valueExpression');
    if (trimmed === '') errors.required(value, 'valueExpression is not specified');
    else if (Buffer.byteLength(trimmed) > maxValueExpressionBytes) {
      errors.required(value, `must not exceed ${maxValueExpressionBytes} bytes in length`);
    } else validateExpression(valueExpression, ['string', 'null_type'], value, errors, expressions);
    if (keys.has(key)) errors.duplicate(at.child('key'), key);
    keys.add(key);
  }
}
