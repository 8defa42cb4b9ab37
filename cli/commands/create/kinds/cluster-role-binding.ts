/** `create clusterrolebinding NAME --clusterrole ROLE --user NAME`. */

import { clusterRoleBindings } from '../../../../api/resources/rbac.ts';
import type { ClusterRoleBinding } from '../../../../api/types/rbac/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { textOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { subjectsOf } from '../subjects.ts';
import { nameIn } from '../words.ts';

export function make({ words, args }: CreateInput): Wanted {
  const name = textOf(args, 'clusterrole');
  if (name === undefined) throw new UserError('error: required flag(s) "clusterrole" not set');
  const subjects = subjectsOf(args);
  const object: ClusterRoleBinding = {
    metadata: { name: nameIn(words) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    ...(subjects.length > 0 && { subjects }),
  };
  return { kind: clusterRoleBindings, object };
}
