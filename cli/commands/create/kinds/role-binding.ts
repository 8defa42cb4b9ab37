/** `create rolebinding NAME --role ROLE --user NAME`. */

import { roleBindings } from '../../../../api/resources/rbac.ts';
import type { RoleBinding } from '../../../../api/types/rbac/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { textOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { subjectsOf } from '../subjects.ts';
import { nameIn } from '../words.ts';

export function make({ words, args }: CreateInput): Wanted {
  const [role, clusterRole] = [textOf(args, 'role'), textOf(args, 'clusterrole')];
  if ((role === undefined) === (clusterRole === undefined))
    throw new UserError('error: exactly one of clusterrole or role must be specified');
  const subjects = subjectsOf(args);
  const object: RoleBinding = {
    metadata: { name: nameIn(words) },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: role === undefined ? 'ClusterRole' : 'Role',
      name: role ?? clusterRole ?? '',
    },
    ...(subjects.length > 0 && { subjects }),
  };
  return { kind: roleBindings, object };
}
