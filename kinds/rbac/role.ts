/** The kind Role. */

import { roles } from '../../api/resources/rbac.ts';
import { defineKind } from '../define-kind.ts';
import { validateRules } from './rules.ts';

export const roleKind = defineKind(roles, {
  strategy: {
    nameFormat: 'pathSegment',
    allowCreateOnUpdate: true,
    validate: (role, errors) => validateRules(role.rules, true, errors),
  },
});
