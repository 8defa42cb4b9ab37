/** What the kinds that make pods from a template have in common: selectors, counts, rolling updates. */

import { matchesLabelSelector } from '../../api/label-selector.ts';
import type { PodTemplateSpec } from '../../api/types/core/v1.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import { compareKeys } from '../../base/compare.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { labelSelectorDefinition, shownAs } from '../validation/immutable.ts';
import { isEmptyLabelSelector, validateLabelSelector } from '../validation/label-selector.ts';

/**
 * The spec of a workload that was written without one. Its type requires a selector; that it has none is what
 * `validateWorkloadSelector` will say, hence the cast.
 */
export const specWithoutSelector = () => ({ template: {} }) as { selector: LabelSelector; template: PodTemplateSpec };

export function validateNonNegative(value: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value !== undefined && value < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
}

/** `kind` as it is named in the message: `deployment`. Returns whether the selector can be used. */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  kind: string,
  path: FieldPath,
  errors: FieldErrors,
): boolean {
  if (!selector) {
    errors.required(path);
    return false;
  }
  const before = errors.list.length;
  validateLabelSelector(selector, path, errors);
  const isValid = errors.list.length === before;
  if (isEmptyLabelSelector(selector))
    errors.invalid(path, shownAs(labelSelectorDefinition, selector), `empty selector is invalid for ${kind}`);
  return isValid;
}

/** The pods of the template must be ones that the selector finds. */
export function validateTemplateLabels(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (selector && isEmptyLabelSelector(selector)) return;
  const labels = template?.metadata?.labels ?? {};
  if (!selector || !matchesLabelSelector(selector, labels)) {
    errors.invalid(
      path.child('metadata', 'labels'),
      labelsOrNull(template),
      '`selector` does not match template `labels`',
    );
  }
}

/** As Go shows a map: in the order of its keys. */
export function labelsOrNull(template: PodTemplateSpec | undefined): object | null {
  const labels = template?.metadata?.labels;
  return labels ? Object.fromEntries(Object.entries(labels).sort(compareKeys)) : null;
}

/** Pods that end for good have no place under a controller that keeps pods running. `kind` as in messages: `DaemonSet`. */
export function validateAlwaysRestarts(
  template: PodTemplateSpec,
  kind: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') errors.notSupported(path.child('spec', 'restartPolicy'), restartPolicy, ['Always']);
  if (activeDeadlineSeconds !== undefined) {
    errors.forbidden(path.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${kind} is not Supported`);
  }
}

/** Counts that must be 0 or more, and those that may not exceed another. */
export function validateCounts(
  status: Readonly<Record<string, unknown>>,
  rules: {
    readonly counts: readonly string[];
    readonly atMost?: readonly (readonly [count: string, limit: string, shown?: string])[];
  },
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of rules.counts) validateNonNegative(numberAt(status, name), path.child(name), errors);
  for (const [count, limit, shown = `status.${limit}`] of rules.atMost ?? []) {
    const value = numberAt(status, count) ?? 0;
    if (value > (numberAt(status, limit) ?? 0))
      errors.invalid(path.child(count), value, `cannot be greater than ${shown}`);
  }
}

function numberAt(status: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = status[name];
  return typeof value === 'number' ? value : undefined;
}
