/** Fields that stay as they were created. */

import { isDeepStrictEqual } from 'node:util';
import type { FieldErrors, FieldPath } from '../field-errors.ts';

/** `shown` is the value in the message where upstream prints another form of it. */
export function validateImmutable(
  next: unknown,
  previous: unknown,
  path: FieldPath,
  errors: FieldErrors,
  shown: unknown = next,
): void {
  if (!isDeepStrictEqual(next, previous)) errors.invalid(path, shown ?? null, 'field is immutable');
}
