/** The kind ClusterRoleBinding. */

import { clusterRoleBindings } from '../../api/resources/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { setBindingDefaults, validateBinding, validateRoleRefUpdate } from './rules.ts';

export const clusterRoleBindingKind = defineKind(clusterRoleBindings, {
  strategy: {
    nameFormat: 'pathSegment',
    allowCreateOnUpdate: true,
    setDefaults: setBindingDefaults,
    validate: (binding, errors) => validateBinding(binding, ['ClusterRole'], false, errors),
    validateUpdate: validateRoleRefUpdate,
  },
});
