/** What a LabelSelector object (matchLabels, matchExpressions) must look like. */

import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkLabelValue, checkQualifiedName } from './names.ts';

export function validateLabelSelector(selector: LabelSelector | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!selector) return;
  validateLabels(selector.matchLabels, path.child('matchLabels'), errors);
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    const at = path.child('matchExpressions').index(i);
    const { operator = '', key = '', values = [] } = requirement ?? {};
    if (!validateSelectorRequirement({ operator, values }, at, errors))
      errors.invalid(at.child('operator'), operator, 'not a valid selector operator');
    validateLabelTerms({ key, values }, at, errors);
  }
}

/** Whether there are values where the operator takes them. False: there is no such operator, which nothing is said of. */
export function validateSelectorRequirement(
  { operator, values }: { readonly operator: string; readonly values: readonly string[] },
  path: FieldPath,
  errors: FieldErrors,
): boolean {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
    return true;
  }
  if (operator !== 'Exists' && operator !== 'DoesNotExist') return false;
  if (values.length > 0)
    errors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  return true;
}

/** Whether labels could have such a key and such values. */
export function validateLabelTerms(
  { key, values }: { readonly key: string; readonly values: readonly string[] },
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const message of checkQualifiedName(key)) errors.invalid(path.child('key'), key, message);
  for (const [n, value] of values.entries())
    for (const message of checkLabelValue(value)) errors.invalid(path.child('values').index(n), value, message);
}

/** Labels as an object: keys and values, each error at the map itself. */
export function validateLabels(labels: Record<string, string> | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const message of checkQualifiedName(key)) errors.invalid(path, key, message);
    for (const message of checkLabelValue(value)) errors.invalid(path, value, message);
  }
}

/** Nothing is selected by it, or everything: no requirement at all. */
export function isEmptyLabelSelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
