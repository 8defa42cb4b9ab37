/** What the CEL rules of a schema (`x-kubernetes-validations`) must be before they are compiled. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import type { JsonSchema, Rule } from '../../machinery/structural/json-schema.ts';
import { readFieldPath } from '../../machinery/structural/rules/rule-field-path.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

export function validateRuleTexts(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries())
    validateTexts(rule, schema, path.child('x-kubernetes-validations').index(index), errors);
}

const hasBreaks = (text: string): boolean => /[\r\n]/.test(text);

function validateTexts(one: Rule, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = one;
  const at = path.child('message');
  if (rule.trim() === '') errors.required(path.child('rule'), 'rule is not specified');
  else if (message !== '' && message.trim() === '') errors.invalid(at, message, 'must be non-empty if specified');
  else if (hasBreaks(message.trim())) errors.invalid(at, message, 'must not contain line breaks');
  else if (hasBreaks(rule.trim()) && message === '')
    errors.required(at, 'message must be specified if rule contains line breaks');
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.required(path.child('messageExpression'), 'messageExpression must be non-empty if specified');
  if (reason !== undefined && !reasons.includes(reason)) errors.notSupported(path.child('reason'), reason, reasons);
  if (fieldPath !== '') validateFieldPath(fieldPath, schema, path.child('fieldPath'), errors);
}

function validateFieldPath(text: string, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (text.trim() === '') errors.invalid(path, text, 'must be non-empty if specified');
  if (hasBreaks(text)) errors.invalid(path, text, 'must not contain line breaks');
  if (readFieldPath(text, schema).problem !== undefined) errors.invalid(path, text, 'must be a valid path');
}
