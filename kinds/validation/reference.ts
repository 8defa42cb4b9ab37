/** References to other objects by kind and name. */

import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Subdomain, checkPathSegment } from './names.ts';

export interface TypedReference {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
}

/** Kind and name must be there and fit into a URL. */
export function validateKindAndName(reference: TypedReference, path: FieldPath, errors: FieldErrors): void {
  for (const field of ['kind', 'name'] as const) {
    const value = reference[field] ?? '';
    if (value === '') errors.required(path.child(field));
    else for (const message of checkPathSegment(value)) errors.invalid(path.child(field), value, message);
  }
}

/** The same, with a group that may be named. */
export function validateTypedReference(reference: TypedReference, path: FieldPath, errors: FieldErrors): void {
  const { apiGroup } = reference;
  if (typeof apiGroup === 'string') {
    for (const message of checkDns1123Subdomain(apiGroup)) errors.invalid(path.child('apiGroup'), apiGroup, message);
  }
  validateKindAndName(reference, path, errors);
}
