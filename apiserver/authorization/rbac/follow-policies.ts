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
  const followers = [
    followRoles(policies, true),
    followRoles(policies, false),
    followBindings(policies, true),
    followBindings(policies, false),
  ];
  await Promise.all(
    policyResources.map(async (resource, i) => {
      const follower = followers[i];
      if (follower) await followCache(source.of(resource).cache, follower, signal);
    }),
  );
}

/** Resolves once all is known that was written before this call. Throws as the caches do. */
export async function untilPoliciesConsistent(source: PolicySource): Promise<void> {
  await Promise.all(policyResources.map((resource) => source.of(resource).cache.waitUntilConsistent(loadTimeoutMs)));
}

function followRoles(policies: Policies, ofCluster: boolean): CacheFollower {
  const set = (item: CachedObject): void => {
    if (isRole(item.object)) policies.setRole(keyOf(item), item.object.rules);
  };
  return {
    reset(items) {
      policies.clearRoles(ofCluster);
      for (const item of items) set(item);
    },
    apply({ type, item }) {
      if (type === 'DELETED') policies.deleteRole(keyOf(item));
      else set(item);
    },
  };
}

function followBindings(policies: Policies, ofCluster: boolean): CacheFollower {
  const set = (item: CachedObject): void => {
    if (!isBinding(item.object)) return;
    const { roleRef, subjects } = item.object;
    // A list without entries may be stored as null.
    policies.setBinding({ ...keyOf(item), roleRef, subjects: subjects ?? [] });
  };
  return {
    reset(items) {
      policies.clearBindings(ofCluster);
      for (const item of items) set(item);
    },
    apply({ type, item }) {
      if (type === 'DELETED') policies.deleteBinding(keyOf(item));
      else set(item);
    },
  };
}

/** `Role` and `ClusterRole`. */
const isRole = (object: CachedObject['object']): object is DeepReadonly<Stored<Role>> => object.kind.endsWith('Role');

const isBinding = (object: CachedObject['object']): object is DeepReadonly<Stored<RoleBinding>> =>
  object.kind.endsWith('RoleBinding');

const keyOf = ({ namespace, name }: CachedObject): PolicyKey => ({ namespace: namespace || undefined, name });
