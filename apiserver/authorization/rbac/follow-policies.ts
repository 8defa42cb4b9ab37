/** Keeps policies as new as the resource caches: what a cache has learnt is known in the same turn of the event loop. */

import type { Stored } from '../../../api/object.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../api/resources/rbac.ts';
import type { Role, RoleBinding } from '../../../api/types/rbac/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { type CacheFollower, followCache } from '../../store/follow-cache.ts';
import type { CachedObject, ResourceCache } from '../../store/resource-cache.ts';
import type { Policies, PolicyKey } from './policies.ts';

/** Where the objects come from: `Registries`. */
export interface PolicySource {
  of(resource: (typeof policyResources)[number]): { readonly cache: ResourceCache };
}

const policyResources = [clusterRoles, roles, clusterRoleBindings, roleBindings] as const;
const loadTimeoutMs = 10_000;

/** Follows the objects until `signal` aborts; resolves then. */
export async function followPolicies(policies: Policies, source: PolicySource, signal: AbortSignal): Promise<void> {
  const follow = (resource: (typeof policyResources)[number], follower: CacheFollower) =>
    followCache(source.of(resource).cache, follower, signal);
  await Promise.all([
    follow(clusterRoles, followRoles(policies, true)),
    follow(roles, followRoles(policies, false)),
    follow(clusterRoleBindings, followBindings(policies, true)),
    follow(roleBindings, followBindings(policies, false)),
  ]);
}

/** Resolves once all is known that was written before this call. Throws as the caches do. */
export async function untilPoliciesConsistent(source: PolicySource): Promise<void> {
  await Promise.all(policyResources.map((resource) => source.of(resource).cache.waitUntilConsistent(loadTimeoutMs)));
}

const followRoles = (policies: Policies, ofCluster: boolean): CacheFollower =>
  followerOf({
    clear: () => policies.clearRoles(ofCluster),
    set(item) {
      if (isRole(item.object)) policies.setRole(keyOf(item), item.object.rules);
    },
    remove: (key) => policies.deleteRole(key),
  });

const followBindings = (policies: Policies, ofCluster: boolean): CacheFollower =>
  followerOf({
    clear: () => policies.clearBindings(ofCluster),
    set(item) {
      if (!isBinding(item.object)) return;
      const { roleRef, subjects } = item.object;
      // A list without entries may be stored as null.
      policies.setBinding({ ...keyOf(item), roleRef, subjects: subjects ?? [] });
    },
    remove: (key) => policies.deleteBinding(key),
  });

interface Kept {
  clear(): void;
  set(item: CachedObject): void;
  remove(key: PolicyKey): void;
}

const followerOf = ({ clear, set, remove }: Kept): CacheFollower => ({
  reset(items) {
    clear();
    for (const item of items) set(item);
  },
  apply({ type, item }) {
    if (type === 'DELETED') remove(keyOf(item));
    else set(item);
  },
});

/** `Role` and `ClusterRole`. */
const isRole = (object: CachedObject['object']): object is DeepReadonly<Stored<Role>> => object.kind.endsWith('Role');

const isBinding = (object: CachedObject['object']): object is DeepReadonly<Stored<RoleBinding>> =>
  object.kind.endsWith('RoleBinding');

const keyOf = ({ namespace, name }: CachedObject): PolicyKey => ({ namespace: namespace || undefined, name });
