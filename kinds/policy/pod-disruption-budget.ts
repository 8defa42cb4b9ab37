/** The kind PodDisruptionBudget. */

import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateConditions } from '../validation/conditions.ts';
import { validateNonNegativeIntOrPercent } from '../validation/int-or-percent.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';

export const podDisruptionBudgetKind = defineKind(podDisruptionBudgets, {
  shortNames: ['pdb'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Min Available', 'How many pods must stay.', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
    textColumn('Max Unavailable', 'How many pods may be missing.', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
    numberColumn(
      'Allowed Disruptions',
      'How many pods may be evicted now.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
    ),
    ageColumn,
  ],
  strategy: {
    ...specAndStatus({ newStatus: emptyStatus }),
    allowUnconditionalUpdate: false,
    // Upstream asks no more of its name than that it fits into a URL.
    nameFormat: 'pathSegment',
    setDefaults(object) {
      object.spec ??= {};
      object.status = { ...emptyStatus(), ...object.status };
    },
    validate: validateBudget,
    validateUpdate(next, _previous, errors, { subresource }) {
      if (subresource === 'status') validateStatus(next, errors);
    },
  },
});

const policies = ['AlwaysAllow', 'IfHealthyBudget'];
const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

function emptyStatus(): PodDisruptionBudgetStatus {
  return { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
}

function validateBudget({ spec = {} }: PodDisruptionBudget, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.invalid(path, shown, 'minAvailable and maxUnavailable cannot be both set');
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[field];
    if (value !== undefined) validateNonNegativeIntOrPercent(value, path.child(field), errors);
  }
  validateLabelSelector(selector, path.child('selector'), errors);
  if (unhealthyPodEvictionPolicy !== undefined && !policies.includes(unhealthyPodEvictionPolicy)) {
    errors.notSupported(path.child('unhealthyPodEvictionPolicy'), unhealthyPodEvictionPolicy, policies);
  }
}

function validateStatus({ status }: PodDisruptionBudget, errors: FieldErrors): void {
  validateConditions(status?.conditions, FieldPath.of('status', 'conditions'), errors);
  for (const name of counts) {
    const value = status?.[name] ?? 0;
    if (value < 0) errors.invalid(FieldPath.of('status', name), value, 'must be greater than or equal to 0');
  }
}
