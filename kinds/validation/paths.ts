/** Paths of files in volumes, which must not lead out of them. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

/** A path inside a volume: relative, and not out of it. */
export function validateLocalPath(target: string, path: FieldPath, errors: FieldErrors): void {
  if (target.startsWith('/')) errors.invalid(path, target, 'must be a relative path');
  validateNoBacksteps(target, path, errors);
}

/** As the above, and no name in it may start with `..` at its beginning. */
export function validateLocalFileName(target: string, path: FieldPath, errors: FieldErrors): void {
  validateLocalPath(target, path, errors);
  if (target.startsWith('..') && !target.startsWith('../') && target !== '..')
    errors.invalid(path, target, "must not start with '..'");
}

export function validateNoBacksteps(target: string, path: FieldPath, errors: FieldErrors): void {
  if (target.split('/').includes('..')) errors.invalid(path, target, "must not contain '..'");
}
