/** The kind RoleBinding. */

import type { RoleBinding } from 'kubernetes-types/rbac/v1';
import { defineKind } from '../define-kind.ts';
import { setBindingDefaults, validateBinding, validateRoleRefUpdate } from './rules.ts';

export const roleBindings = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  strategy: {
    nameFormat: 'pathSegment',
    createOnUpdate: true,
    setDefaults: setBindingDefaults,
    validate: (binding, errors) => validateBinding(binding, ['Role', 'ClusterRole'], true, errors),
    validateUpdate: validateRoleRefUpdate,
  },
});
