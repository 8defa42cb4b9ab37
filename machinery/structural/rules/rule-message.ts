/** What is said of a rule that does not hold: its message, what its messageExpression gives, or the rule itself. */

import { CostLimitError } from '../../cel/budget.ts';
import { CelError } from '../../cel/cel-error.ts';
import type { Program } from '../../cel/environment.ts';
import type { FieldErrors, FieldPath } from '../../field-errors.ts';
import type { Rule } from '../json-schema.ts';
import type { CompiledRule } from './rule-node.ts';

const maxMessageBytes = 5 * 1024;

/** The message itself costs too much: nothing more is run. */
export class MessageLimitError extends Error {}

/** What the messageExpression gives; undefined: there is none, or it gives nothing that can be told. */
export function evaluateMessage(
  { message, rule }: CompiledRule,
  evaluate: (program: Program) => unknown,
): string | undefined {
  if (message === undefined) return undefined;
  try {
    const value = evaluate(message);
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > maxMessageBytes ? undefined : text;
  } catch (error) {
    if (error instanceof CostLimitError) {
      throw new MessageLimitError(
        `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`,
      );
    }
    if (error instanceof CelError) return undefined;
    throw error;
  }
}

/** What stands for a rule in messages about it. */
export const nameOf = ({ rule = '', message = '' }: Rule): string => (message === '' ? rule : message).trim();

export const defaultMessage = ({ rule }: CompiledRule): string =>
  rule.message ? rule.message.trim() : `failed rule: ${nameOf(rule)}`;

export interface BrokenRule {
  readonly reason: string | undefined;
  readonly message: string;
  /** Objects and lists are not shown. */
  readonly shown: { readonly value: unknown } | undefined;
}

/** As the error that the rule's `reason` names. */
export function tellBroken(path: FieldPath, { reason, message, shown }: BrokenRule, errors: FieldErrors): void {
  switch (reason) {
    case 'FieldValueForbidden':
      errors.forbidden(path, message);
      break;
    case 'FieldValueRequired':
      errors.required(path, message);
      break;
    case 'FieldValueDuplicate':
      if (shown === undefined) errors.add('FieldValueDuplicate', path, 'Duplicate value');
      else errors.duplicate(path, shown.value);
      break;
    default:
      if (shown === undefined) errors.add('FieldValueInvalid', path, `Invalid value: ${message}`);
      else errors.invalid(path, shown.value, message);
  }
}
