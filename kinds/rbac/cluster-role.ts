/** The kind ClusterRole. */

import { clusterRoles } from '../../api/resources/rbac.ts';
import type { ClusterRole } from '../../api/types/rbac/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { defineKind } from '../define-kind.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { validateRules } from './rules.ts';

export const clusterRoleKind = defineKind(clusterRoles, {
  strategy: {
    nameFormat: 'pathSegment',
    allowCreateOnUpdate: true,
    validate(role, errors) {
      validateRules(role.rules, false, errors);
      validateAggregation(role, errors);
    },
  },
});

function validateAggregation(role: ClusterRole, errors: FieldErrors): void {
  if (!role.aggregationRule) return;
  const path = FieldPath.of('aggregationRule', 'clusterRoleSelectors');
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0)
    errors.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
  for (const [i, selector] of selectors.entries()) {
    const before = errors.list.length;
    validateLabelSelector(selector, path.index(i), errors);
    if (errors.list.length > before) errors.invalid(path.index(i), null, 'invalid label selector.');
  }
}
