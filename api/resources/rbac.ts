/** The resources of rbac.authorization.k8s.io. */

import { resource } from '../resource.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../types/rbac/v1.ts';

export const clusterRoleBindings = resource<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
});

export const clusterRoles = resource<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
});

export const roleBindings = resource<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
});

export const roles = resource<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
});
