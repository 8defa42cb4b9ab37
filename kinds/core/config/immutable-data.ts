/** `immutable`: ConfigMaps and Secrets that have said once that they never change. */

import { equalJson } from '../../../api/json-record.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';

interface Immutable {
  readonly immutable?: boolean;
}

const text = 'field is immutable when `immutable` is set';

export function validateFrozen<T extends Immutable>(
  next: T,
  previous: T,
  fields: readonly (keyof T & string)[],
  errors: FieldErrors,
): void {
  if (!previous.immutable) return;
  if (!next.immutable) errors.forbidden(FieldPath.of('immutable'), text);
  for (const field of fields) {
    if (!equalJson(next[field], previous[field])) errors.forbidden(FieldPath.of(field), text);
  }
}
