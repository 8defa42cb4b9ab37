/** The kind ClusterRole. */

import type { ClusterRole } from 'kubernetes-types/rbac/v1';
import { defineKind } from '../define-kind.ts';

export const clusterRoles = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
});
