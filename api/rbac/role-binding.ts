/** The kind RoleBinding. */

import type { RoleBinding } from 'kubernetes-types/rbac/v1';
import { defineKind } from '../define-kind.ts';

export const roleBindings = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
});
