/** `--user`, `--group` and `--serviceaccount`: who a binding is for. */

import type { Subject } from '../../../api/types/rbac/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Arguments } from '../../arguments.ts';
import { listOf } from './words.ts';

const apiGroup = 'rbac.authorization.k8s.io';

export const subjectsOf = (args: Arguments): Subject[] => [
  ...listOf(args, 'user').map((name) => ({ kind: 'User', apiGroup, name })),
  ...listOf(args, 'group').map((name) => ({ kind: 'Group', apiGroup, name })),
  ...listOf(args, 'serviceaccount').map(accountOf),
];

function accountOf(text: string): Subject {
  const [namespace = '', name = '', ...others] = text.split(':');
  if (namespace === '' || name === '' || others.length > 0)
    throw new UserError('error: serviceaccount must be <namespace>:<name>');
  return { kind: 'ServiceAccount', namespace, name };
}
