/** The CEL rules of a schema (`x-kubernetes-validations`). */

import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { checkExpression } from '../validation/cel.ts';
import { childrenOf, isSchema, type JsonSchema, type Rule } from './json-schema.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

export function validateRules(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const rules: Rule[] = schema['x-kubernetes-validations'] ?? [];
  for (const [i, rule] of rules.entries())
    validateRule(rule, schema, path.child('x-kubernetes-validations').index(i), errors);
  for (const [at, child] of childrenOf(schema, path)) validateRules(child, at, errors);
}

function validateRule(one: Rule, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = one;
  const shown = {
    Rule: rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: one.optionalOldSelf ?? null,
  };
  if (rule.trim() === '') errors.required(path.child('rule'), 'rule is not specified');
  if (/[\r\n]/.test(message)) errors.invalid(path.child('message'), message, 'must not contain line breaks');
  if (/[\r\n]/.test(rule) && message === '')
    errors.required(path.child('message'), 'message must be specified if rule contains line breaks');
  if (reason !== undefined && !reasons.includes(reason)) errors.notSupported(path.child('reason'), reason, reasons);
  if (fieldPath !== '') validateFieldPath(fieldPath, schema, path.child('fieldPath'), errors);
  if (rule.trim() === '') return;
  const variables = ['self', 'oldSelf'];
  const problem = checkExpression(rule, { variables });
  if (problem === 'must evaluate to bool')
    errors.invalid(path.child('rule'), shown, 'cel expression must evaluate to a bool');
  else if (problem !== undefined) errors.invalid(path.child('rule'), shown, `compilation failed: ${problem}`);
  if (messageExpression !== '') {
    const wrong = checkExpression(messageExpression, { variables, type: 'string' });
    if (wrong !== undefined)
      errors.invalid(path.child('messageExpression'), shown, `messageExpression compilation failed: ${wrong}`);
  }
  if (one.optionalOldSelf !== undefined && !/\boldSelf\b/.test(rule)) {
    errors.invalid(path.child('optionalOldSelf'), one.optionalOldSelf, 'may not be set if oldSelf is not used in rule');
  }
}

function validateFieldPath(text: string, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (text.trim() === '') errors.invalid(path, text, 'must be non-empty if specified');
  const names = text.startsWith('.') ? text.slice(1).split('.') : [];
  let at: JsonSchema | undefined = schema;
  for (const name of names)
    at = at?.properties?.[name] ?? (isSchema(at?.additionalProperties) ? at.additionalProperties : undefined);
  if (names.length === 0 || at === undefined) errors.invalid(path, text, 'must be a valid path');
}
