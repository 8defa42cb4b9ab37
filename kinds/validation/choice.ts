/** Fields that take one of a few words. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

/** An absent value is no mistake here. */
export function validateChoice(
  value: string | undefined,
  choices: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (value !== undefined && !choices.includes(value)) errors.notSupported(path, value, choices);
}
