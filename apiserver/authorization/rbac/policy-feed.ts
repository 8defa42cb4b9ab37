/** Keeps policies as new as the resource caches: what a cache has learnt is known in the same turn of the event loop. */

import type { Resource } from '../../../api/resource.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../api/resources/rbac.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../../api/types/rbac/v1.ts';
import type { Logger } from '../../../base/logger.ts';
import { FollowedObjects, type ObjectFollower } from '../../registry/followed-objects.ts';
import type { ResourceCache } from '../../store/resource-cache.ts';
import type { Policies, PolicyKey } from './policies.ts';

type Followed = Pick<FollowedObjects<Role>, 'catchUp' | 'run'>;

export class PolicyFeed {
  readonly #followed: readonly Followed[];

  constructor(policies: Policies, cacheOf: (resource: Resource) => ResourceCache, logger: Logger) {
    // A decision made by some of the roles alone would be a wrong one.
    const options = { logger, telling: 'atOnce' } as const;
    const follow = {
      roles: (resource: Resource<Role> | Resource<ClusterRole>, ofCluster: boolean) =>
        new FollowedObjects<Role | ClusterRole>(cacheOf(resource), rolesOf(policies, ofCluster), options),
      bindings: (resource: Resource<RoleBinding> | Resource<ClusterRoleBinding>, ofCluster: boolean) =>
        new FollowedObjects<RoleBinding | ClusterRoleBinding>(
          cacheOf(resource),
          bindingsOf(policies, ofCluster),
          options,
        ),
    };
    this.#followed = [
      follow.roles(clusterRoles, true),
      follow.roles(roles, false),
      follow.bindings(clusterRoleBindings, true),
      follow.bindings(roleBindings, false),
    ];
  }

  /** Resolves once all is known that was written before this call. Throws as the caches do. */
  async catchUp(timeoutMs: number): Promise<void> {
    await Promise.all(this.#followed.map((one) => one.catchUp(timeoutMs)));
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#followed.map((one) => one.run(signal)));
  }
}

const rolesOf = (policies: Policies, ofCluster: boolean): ObjectFollower<Role | ClusterRole> => ({
  reset: () => policies.clearRoles(ofCluster),
  set: ({ metadata, rules }) => policies.setRole(keyOf(metadata), rules),
  remove: (key) => policies.deleteRole(keyOf(key)),
});

const bindingsOf = (policies: Policies, ofCluster: boolean): ObjectFollower<RoleBinding | ClusterRoleBinding> => ({
  reset: () => policies.clearBindings(ofCluster),
  // A list without entries may be stored as null.
  set: ({ metadata, roleRef, subjects }) =>
    policies.setBinding({ ...keyOf(metadata), roleRef, subjects: subjects ?? [] }),
  remove: (key) => policies.deleteBinding(keyOf(key)),
});

const keyOf = ({ namespace, name }: { readonly namespace?: string | undefined; readonly name: string }): PolicyKey => ({
  namespace: namespace || undefined,
  name,
});
