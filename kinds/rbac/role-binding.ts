/** The kind RoleBinding. */

import { roleBindings } from '../../api/resources/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { setBindingDefaults, validateBinding, validateRoleRefUpdate } from './rules.ts';

export const roleBindingKind = defineKind(roleBindings, {
  strategy: {
    nameFormat: 'pathSegment',
    allowCreateOnUpdate: true,
    setDefaults: setBindingDefaults,
    validate: (binding, errors) => validateBinding(binding, ['Role', 'ClusterRole'], true, errors),
    validateUpdate: validateRoleRefUpdate,
  },
});
