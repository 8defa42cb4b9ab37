/** The conditions that follow the shape of meta/v1 Condition. */

import type { Condition } from '../../api/types/meta/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkQualifiedName } from './names.ts';

const states = ['False', 'True', 'Unknown'];
const reasonPattern = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const maxReasonBytes = 1024;
const maxMessageBytes = 32_768;

export function validateConditions(conditions: Condition[] = [], path: FieldPath, errors: FieldErrors): void {
  const seen = new Map<string, number>();
  for (const [i, condition] of conditions.entries()) {
    const first = seen.get(condition.type);
    if (first !== undefined) errors.duplicate(path.index(i).child('type'), condition.type);
    else seen.set(condition.type, i);
    validateCondition(condition, path.index(i), errors);
  }
}

function validateCondition(condition: Condition, path: FieldPath, errors: FieldErrors): void {
  const { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
  if (type === '') errors.required(path.child('type'), 'must be set');
  else for (const found of checkQualifiedName(type)) errors.invalid(path.child('type'), type, found);
  if (!states.includes(status)) errors.notSupported(path.child('status'), status, states);
  if (observedGeneration < 0) {
    errors.invalid(path.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero');
  }
  if (!lastTransitionTime) errors.required(path.child('lastTransitionTime'), 'must be set');
  validateReason(reason, path.child('reason'), errors);
  if (Buffer.byteLength(message) > maxMessageBytes) errors.tooLong(path.child('message'), maxMessageBytes);
}

function validateReason(reason: string, path: FieldPath, errors: FieldErrors): void {
  if (reason === '') errors.required(path);
  else if (Buffer.byteLength(reason) > maxReasonBytes) errors.tooLong(path, maxReasonBytes);
  else if (!reasonPattern.test(reason)) {
    errors.invalid(
      path,
      reason,
      "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
    );
  }
}
