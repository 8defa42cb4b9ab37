/**
 * The roles and bindings that every cluster has. Whenever an API server starts, what is missing of them is added, and those
 * of Longshore's own that an earlier version had and this one has not are deleted: they would give more than is needed.
 */

import type { KubernetesObject, ObjectKey, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../api/resources/rbac.ts';
import { isAlreadyExists, isNotFound } from '../../../api/status-error.ts';
import type { Registries } from '../../registry/registries.ts';
import { internalWrite, internalWriteOrCreate } from '../../registry/write-request.ts';
import {
  componentBindings,
  componentNamespaceBindings,
  componentNamespaceRoles,
  componentRoles,
} from './component-roles.ts';
import { controllerBindings, controllerRoles } from './controller-roles.ts';
import { namespaceBindings, namespaceRoles } from './namespace-roles.ts';
import { isObsolete, reconcileBinding, reconcileRole } from './reconcile-roles.ts';
import { systemBindings, systemRoles } from './system-roles.ts';
import { userRoles } from './user-roles.ts';

export const defaultClusterRoles = [...userRoles, ...systemRoles, ...controllerRoles, ...componentRoles];
export const defaultClusterRoleBindings = [...systemBindings, ...controllerBindings, ...componentBindings];
export const defaultRoles = [...namespaceRoles, ...componentNamespaceRoles];
export const defaultRoleBindings = [...namespaceBindings, ...componentNamespaceBindings];

interface Default<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly wanted: T;
  /** See `reconcile-roles.ts`. */
  reconcile(present: Stored<T>, wanted: T): T | 'replace' | undefined;
}

/** Idempotent. Several API servers may do it at once. */
export async function ensureDefaultRoles(registries: Registries): Promise<void> {
  const ensure = <T extends KubernetesObject>(
    resource: Resource<T>,
    all: readonly T[],
    reconcile: Default<T>['reconcile'],
  ) => all.map((wanted) => ensureObject(registries, { resource, wanted, reconcile }));
  await Promise.all([
    ...ensure(clusterRoles, defaultClusterRoles, reconcileRole),
    ...ensure(roles, defaultRoles, reconcileRole),
    ...ensure(clusterRoleBindings, defaultClusterRoleBindings, reconcileBinding),
    ...ensure(roleBindings, defaultRoleBindings, reconcileBinding),
  ]);
  // Bindings first: a role that is bound to nobody gives nothing.
  await deleteObsolete(registries, clusterRoleBindings, defaultClusterRoleBindings);
  await deleteObsolete(registries, roleBindings, defaultRoleBindings);
  await deleteObsolete(registries, clusterRoles, defaultClusterRoles);
  await deleteObsolete(registries, roles, defaultRoles);
}

async function deleteObsolete<T extends KubernetesObject>(
  registries: Registries,
  resource: Resource<T>,
  wanted: readonly T[],
): Promise<void> {
  const obsolete = (await registries.all(resource)).filter(({ metadata }) => isObsolete(metadata, wanted));
  await Promise.all(
    obsolete.map(({ metadata: { namespace, name } }) => deleteIfPresent(registries, resource, { namespace, name })),
  );
}

async function ensureObject<T extends KubernetesObject>(registries: Registries, one: Default<T>): Promise<void> {
  const { resource, wanted, reconcile } = one;
  const { namespace, name = '' } = wanted.metadata ?? {};
  try {
    await registries.of(resource).update({ namespace, name }, internalWriteOrCreate, (present) => {
      if (present === undefined || !isOf(resource, present)) return structuredClone(wanted);
      const next = reconcile(present, wanted);
      if (next === 'replace') throw boundToAnother;
      return next ?? present;
    });
  } catch (error) {
    // Another API server has just made it.
    if (isAlreadyExists(error)) return;
    if (error !== boundToAnother) throw error;
    await deleteIfPresent(registries, resource, { namespace, name });
    await ensureObject(registries, one);
  }
}

/** Which role a binding gives cannot be changed. */
const boundToAnother = new Error('A default binding is bound to another role');

const isOf = <T extends KubernetesObject>({ kind }: Resource<T>, object: Stored): object is Stored<T> =>
  object.kind === kind;

async function deleteIfPresent(registries: Registries, resource: Resource, key: ObjectKey): Promise<void> {
  try {
    await registries.of(resource).delete(key, { dryRun: false }, internalWrite);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
