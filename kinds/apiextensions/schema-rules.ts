/** The CEL rules of a schema (`x-kubernetes-validations`). */

import { own } from '../../api/json-record.ts';
import { checkExpression } from '../../machinery/cel/cel.ts';
import { undefinedField, wrongPattern } from '../../machinery/cel/cel-fields.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { patternProblem } from '../../machinery/patterns.ts';
import { childrenOf, isSchema, type JsonSchema, type Rule } from '../../machinery/structural/json-schema.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

interface Place {
  /** False: the schema itself is wrong, and rules are only looked at from outside. */
  readonly compiles: boolean;
  /** The list or map around this place whose former items cannot be told: no `oldSelf` here. */
  readonly uncorrelatable?: FieldPath;
}

export function validateRules(schema: JsonSchema, place: Place, path: FieldPath, errors: FieldErrors): void {
  for (const [at, child] of childrenOf(schema, path))
    validateRules(child, placeOfChildren(schema, place, path), at, errors);
  const rules = schema['x-kubernetes-validations'] ?? [];
  const at = (i: number) => path.child('x-kubernetes-validations').index(i);
  for (const [i, rule] of rules.entries()) validateTexts(rule, schema, at(i), errors);
  if (!place.compiles) return;
  for (const [i, rule] of rules.entries()) validateExpressions(rule, schema, place, at(i), errors);
}

function placeOfChildren(schema: JsonSchema, place: Place, path: FieldPath): Place {
  const isLoose =
    (schema.type === 'array' && schema['x-kubernetes-list-type'] !== 'map') ||
    (schema.type === 'object' && schema['x-kubernetes-map-type'] === 'atomic');
  return isLoose && place.uncorrelatable === undefined ? { ...place, uncorrelatable: path } : place;
}

function validateTexts(one: Rule, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = one;
  const at = path.child('message');
  const hasBreaks = (text: string): boolean => /[\r\n]/.test(text.trim());
  if (rule.trim() === '') errors.required(path.child('rule'), 'rule is not specified');
  if (message !== '' && message.trim() === '') errors.invalid(at, message, 'must be non-empty if specified');
  else if (hasBreaks(message)) errors.invalid(at, message, 'must not contain line breaks');
  else if (hasBreaks(rule) && message === '')
    errors.required(at, 'message must be specified if rule contains line breaks');
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.required(path.child('messageExpression'), 'must be non-empty if specified');
  if (reason !== undefined && !reasons.includes(reason)) errors.notSupported(path.child('reason'), reason, reasons);
  if (fieldPath !== '') validateFieldPath(fieldPath, schema, path.child('fieldPath'), errors);
}

function validateFieldPath(text: string, schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (text.trim() === '') errors.invalid(path, text, 'must be non-empty if specified');
  if (/[\r\n]/.test(text)) errors.invalid(path, text, 'must not contain line breaks');
  let at: JsonSchema | undefined = schema;
  const names = namesOf(text);
  for (const name of names ?? [])
    at = own(at?.properties ?? {}, name) ?? (isSchema(at?.additionalProperties) ? at.additionalProperties : undefined);
  if (!names || at === undefined) errors.invalid(path, text, 'must be a valid path');
}

/** `.spec['a.b'].c` → spec, a.b, c; undefined when it is no path. */
function namesOf(text: string): string[] | undefined {
  const steps = [...text.matchAll(/\.([A-Za-z_][A-Za-z0-9_-]*)|\['((?:[^'\\]|\\.)*)'\]/gy)];
  const length = steps.reduce((sum, [step]) => sum + step.length, 0);
  if (steps.length === 0 || length !== text.length) return undefined;
  return steps.map(([, name, quoted]) => name ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
}

function validateExpressions(one: Rule, schema: JsonSchema, place: Place, path: FieldPath, errors: FieldErrors): void {
  const { rule = '', messageExpression = '' } = one;
  const shown = {
    Rule: rule,
    Message: one.message ?? '',
    MessageExpression: messageExpression,
    Reason: one.reason ?? null,
    FieldPath: one.fieldPath ?? '',
    OptionalOldSelf: one.optionalOldSelf ?? null,
  };
  if (rule.trim() !== '') {
    const problem = problemOf(rule, 'bool', schema);
    if (problem?.startsWith('must evaluate to'))
      errors.invalid(path.child('rule'), shown, 'cel expression must evaluate to a bool');
    else if (problem !== undefined) errors.invalid(path.child('rule'), shown, problem);
  }
  if (messageExpression.trim() !== '') {
    const wrong = problemOf(messageExpression, 'string', schema);
    if (wrong !== undefined) {
      const text = wrong.startsWith('must evaluate to')
        ? 'messageExpression must evaluate to a string'
        : `messageExpression ${wrong}`;
      errors.invalid(path.child('messageExpression'), shown, text);
    }
  }
  validateOldSelf(one, place, path, errors);
}

function problemOf(expression: string, type: 'bool' | 'string', schema: JsonSchema): string | undefined {
  const problem = checkExpression(expression, { variables: ['self', 'oldSelf'], types: [type] });
  if (problem !== undefined) return problem;
  const wrong = wrongPattern(expression, patternProblem) ?? undefinedField(expression, schema);
  return wrong === undefined ? undefined : `compilation failed: ${wrong}`;
}

function validateOldSelf(
  { rule = '', optionalOldSelf }: Rule,
  place: Place,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!/\boldSelf\b/.test(rule)) {
    if (optionalOldSelf !== undefined)
      errors.invalid(path.child('optionalOldSelf'), optionalOldSelf, 'may not be set if oldSelf is not used in rule');
  } else if (place.uncorrelatable) {
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`;
    errors.invalid(path.child('rule'), rule, text);
  }
}
