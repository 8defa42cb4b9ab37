/** Bindings, found by whom they bind: those of the whole cluster, or of one namespace. */

import type { RoleRef, Subject } from '../../../api/types/rbac/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { User } from '../../request/user.ts';

export interface Binding {
  readonly name: string;
  /** Absent: it binds in the whole cluster. */
  readonly namespace: string | undefined;
  readonly roleRef: DeepReadonly<RoleRef>;
  readonly subjects: readonly DeepReadonly<Subject>[];
}

export class Bindings {
  readonly #byName = new Map<string, Binding>();
  readonly #bySubject = new Map<string, Map<string, Binding>>();

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  set(binding: Binding): void {
    this.delete(binding.name);
    this.#byName.set(binding.name, binding);
    for (const key of subjectKeys(binding)) {
      const bound = this.#bySubject.get(key) ?? new Map<string, Binding>();
      this.#bySubject.set(key, bound.set(binding.name, binding));
    }
  }

  delete(name: string): void {
    const binding = this.#byName.get(name);
    if (binding === undefined) return;
    this.#byName.delete(name);
    for (const key of subjectKeys(binding)) {
      const bound = this.#bySubject.get(key);
      bound?.delete(name);
      if (bound?.size === 0) this.#bySubject.delete(key);
    }
  }

  /** Those that bind the user, by name or by a group. One that does both may come twice. */
  *of({ name, groups }: User): Iterable<Binding> {
    yield* this.#bySubject.get(userKey(name))?.values() ?? [];
    for (const group of groups) yield* this.#bySubject.get(groupKey(group))?.values() ?? [];
  }
}

const userKey = (name: string): string => `user ${name}`;
const groupKey = (name: string): string => `group ${name}`;

function subjectKeys({ subjects, namespace }: Binding): Set<string> {
  return new Set(subjects.flatMap((subject) => subjectKey(subject, namespace) ?? []));
}

/** A service account is a user with a name of its form. Nobody is what has another kind. */
function subjectKey(subject: DeepReadonly<Subject>, bindingNamespace: string | undefined): string | undefined {
  const namespace = subject.namespace || bindingNamespace;
  switch (subject.kind) {
    case 'User':
      return userKey(subject.name);
    case 'Group':
      return groupKey(subject.name);
    case 'ServiceAccount':
      return namespace ? userKey(`system:serviceaccount:${namespace}:${subject.name}`) : undefined;
    default:
      return undefined;
  }
}

/** `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`: which subject of it the user is. */
export function describeBinding(binding: Binding, { name, groups }: User): string {
  const mine = new Set([userKey(name), ...groups.map(groupKey)]);
  const subject = binding.subjects.find((one) => mine.has(subjectKey(one, binding.namespace) ?? ''));
  const { namespace, roleRef } = binding;
  const named = namespace === undefined ? binding.name : `${binding.name}/${namespace}`;
  const kind = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
  return `${kind} ${JSON.stringify(named)} of ${role} to ${subject ? describeSubject(subject) : ''}`;
}

function describeSubject({ kind, name, namespace = '' }: DeepReadonly<Subject>): string {
  return `${kind} ${JSON.stringify(kind === 'ServiceAccount' ? `${name}/${namespace}` : name)}`;
}
