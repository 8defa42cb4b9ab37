/** The kind ClusterRoleBinding. */

import type { ClusterRoleBinding } from 'kubernetes-types/rbac/v1';
import { defineKind } from '../define-kind.ts';
import { setBindingDefaults, validateBinding, validateRoleRefUpdate } from './rules.ts';

export const clusterRoleBindings = defineKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  strategy: {
    nameFormat: 'pathSegment',
    createOnUpdate: true,
    setDefaults: setBindingDefaults,
    validate: (binding, errors) => validateBinding(binding, ['ClusterRole'], false, errors),
    validateUpdate: validateRoleRefUpdate,
  },
});
