/** All roles and bindings of the cluster as decisions need them: bindings by subject, roles compiled. */

import type { RoleRef } from '../../../api/types/rbac/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { User } from '../../request/user.ts';
import { type Binding, Bindings } from './bindings.ts';
import { CompiledRole } from './compiled-role.ts';
import type { Rule } from './rules.ts';

/** A binding that binds a user, and what it gives. */
export interface Grant {
  readonly binding: Binding;
  /** Undefined: there is no such role. */
  readonly role: CompiledRole | undefined;
}

/** What names a role or a binding. Those of the whole cluster have no namespace. */
export interface PolicyKey {
  readonly namespace: string | undefined;
  readonly name: string;
}

export class Policies {
  /** By namespace, `undefined` for the cluster's, and name. */
  readonly #roles = new Map<string | undefined, Map<string, CompiledRole>>();
  readonly #bindings = new Map<string | undefined, Bindings>();
  #generation = 0;
  /** Called with every change; cheap. */
  onChange: () => void = () => {};

  /** Grows with every change: what was decided before may not be true any more. */
  get generation(): number {
    return this.#generation;
  }

  setRole({ namespace, name }: PolicyKey, rules: readonly Rule[] | null | undefined): void {
    this.#changed();
    const known = this.#roles.get(namespace) ?? new Map<string, CompiledRole>();
    this.#roles.set(namespace, known.set(name, new CompiledRole(rules)));
  }

  deleteRole({ namespace, name }: PolicyKey): void {
    this.#changed();
    const known = this.#roles.get(namespace);
    known?.delete(name);
    if (known?.size === 0) this.#roles.delete(namespace);
  }

  setBinding(binding: Binding): void {
    this.#changed();
    const known = this.#bindings.get(binding.namespace) ?? new Bindings();
    known.set(binding);
    this.#bindings.set(binding.namespace, known);
  }

  deleteBinding({ namespace, name }: PolicyKey): void {
    this.#changed();
    const known = this.#bindings.get(namespace);
    known?.delete(name);
    if (known?.isEmpty) this.#bindings.delete(namespace);
  }

  /** Forgets the roles of the cluster, or of all namespaces. */
  clearRoles(ofCluster: boolean): void {
    this.#changed();
    for (const namespace of this.#roles.keys()) {
      if ((namespace === undefined) === ofCluster) this.#roles.delete(namespace);
    }
  }

  /** Forgets the bindings of the cluster, or of all namespaces. */
  clearBindings(ofCluster: boolean): void {
    this.#changed();
    for (const namespace of this.#bindings.keys()) {
      if ((namespace === undefined) === ofCluster) this.#bindings.delete(namespace);
    }
  }

  /** What binds the user: in the whole cluster first, then in the namespace. A binding may come twice. */
  *grantsOf(user: User, namespace: string | undefined): Iterable<Grant> {
    for (const scope of namespace ? [undefined, namespace] : [undefined]) {
      for (const binding of this.#bindings.get(scope)?.of(user) ?? []) yield { binding, role: this.#roleOf(binding) };
    }
  }

  /** All rules that hold for the user there, and why some may be missing. */
  rulesOf(user: User, namespace: string | undefined): { readonly rules: readonly Rule[]; readonly errors: string[] } {
    const grants = new Map([...this.grantsOf(user, namespace)].map((grant) => [grant.binding, grant]));
    const errors = [...grants.values()].flatMap(({ binding, role }) =>
      role ? [] : [describeMissing(binding.roleRef)],
    );
    return { rules: [...grants.values()].flatMap(({ role }) => role?.rules ?? []), errors };
  }

  #changed(): void {
    this.#generation += 1;
    this.onChange();
  }

  #roleOf({ roleRef, namespace }: Binding): CompiledRole | undefined {
    return this.#roles.get(roleRef.kind === 'ClusterRole' ? undefined : namespace)?.get(roleRef.name);
  }
}

/** `clusterrole.rbac.authorization.k8s.io "a" not found` */
export const describeMissing = ({ kind, name }: DeepReadonly<RoleRef>): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
