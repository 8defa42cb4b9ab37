/**
 * managedFields across the scale subresource: a Scale shows who owns the replicas of its object, and who changes them
 * through the Scale owns them in the object, by an entry with `subresource: scale`.
 */

import type { ManagedFieldsEntry } from '../../api/types/meta/v1.ts';
import { difference, hasPath, setOf } from './field-set.ts';
import { identityOf, type Manager, mapFields, storedManagers, writeManagers } from './managers.ts';

const replicas = ['f:spec', 'f:replicas'];
const replicasOnly = setOf(replicas);
const scaleVersion = 'autoscaling/v1';

/** The entries of the Scale, made from its object's. Only those who own the replicas have one. */
export function scaleManagedFields(objectEntries: readonly ManagedFieldsEntry[] | undefined): ManagedFieldsEntry[] {
  const owners = [...storedManagers(objectEntries)].filter(([, { fields }]) => hasPath(fields, replicas));
  const managers = owners.map(([identity, manager]): [string, Manager] => [
    identity,
    { ...manager, apiVersion: scaleVersion, fields: replicasOnly },
  ]);
  return writeManagers(new Map(managers));
}

/** The object's entries after its Scale was written. `apiVersion` is the object's. */
export function objectManagedFields(
  objectEntries: readonly ManagedFieldsEntry[] | undefined,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const before = storedManagers(objectEntries);
  const scale = new Map([...storedManagers(scaleEntries)].map(([, manager]) => [scaleKey(manager), manager]));
  const managers = mapFields(before, (manager) => {
    if (!hasPath(manager.fields, replicas)) return manager.fields;
    // Still among the Scale's owners: nobody took the replicas away.
    return scale.delete(scaleKey(manager)) ? manager.fields : difference(manager.fields, replicasOnly);
  });
  for (const manager of scale.values()) {
    if (!hasPath(manager.fields, replicas)) continue;
    // Upstream keeps no time for them.
    const owner = { ...manager, apiVersion, time: undefined, fields: replicasOnly };
    managers.set(identityOf(owner), owner);
  }
  return writeManagers(managers);
}

/** The same manager in both lists: versions differ between them. */
const scaleKey = ({ name, operation, subresource }: Manager): string => JSON.stringify([name, operation, subresource]);
