/** `set subject`: who else a role is bound to. Pure. */

import { equalJson } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { Subject } from '../../../api/types/rbac/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textsOf } from '../../arguments.ts';

const apiGroup = 'rbac.authorization.k8s.io';

export function subjectsFrom(args: Arguments): Subject[] {
  const subjects = [
    ...textsOf(args, 'user').map((name): Subject => ({ kind: 'User', apiGroup, name })),
    ...textsOf(args, 'group').map((name): Subject => ({ kind: 'Group', apiGroup, name })),
    ...textsOf(args, 'serviceaccount').map(accountFrom),
  ];
  if (subjects.length === 0)
    throw new UserError('error: you must specify at least one value of user, group or serviceaccount');
  return subjects;
}

function accountFrom(text: string): Subject {
  const [namespace = '', name = '', ...rest] = text.split(':');
  if (namespace === '' || name === '' || rest.length > 0)
    throw new UserError('error: serviceaccount must be <namespace>:<name>');
  return { kind: 'ServiceAccount', namespace, name };
}

/** A patch; undefined when all of them are there. */
export function withSubjects(
  binding: KubernetesObject & { subjects?: Subject[] },
  added: readonly Subject[],
): object | undefined {
  const { subjects = [] } = binding;
  const missing = added.filter((one) => !subjects.some((known) => equalJson({ ...known }, { ...one })));
  return missing.length === 0 ? undefined : { subjects: [...subjects, ...missing] };
}
