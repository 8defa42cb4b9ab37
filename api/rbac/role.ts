/** The kind Role. */

import type { Role } from 'kubernetes-types/rbac/v1';
import { defineKind } from '../define-kind.ts';
import { validateRules } from './rules.ts';

export const roles = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  strategy: {
    nameFormat: 'pathSegment',
    createOnUpdate: true,
    validate: (role, errors) => validateRules(role.rules, true, errors),
  },
});
