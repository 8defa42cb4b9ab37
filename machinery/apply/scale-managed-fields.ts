/**
 * managedFields across the scale subresource: a Scale shows who owns the replicas of its object, and who changes them
 * through the Scale owns them in the object, by an entry with `subresource: scale`.
 */

import type { ManagedFieldsEntry } from '../../api/types/meta/v1.ts';
import { difference, hasPath, setOf } from './field-set.ts';
import { identityOf, type Manager, mapFields, storedManagers, writeManagers } from './managers.ts';

const inScale = ['f:spec', 'f:replicas'];
const scaleReplicas = setOf(inScale);
const scaleVersion = 'autoscaling/v1';

/**
 * Where objects of an apiVersion have their replicas, as `['spec', 'replicas']`. Undefined: they have none in that
 * version. Null: there is no such version (any more).
 */
export type ReplicasPlace = (apiVersion: string) => readonly string[] | undefined | null;

/** The entries of the Scale, made from its object's. Only those who own the replicas have one. */
export function scaleManagedFields(
  objectEntries: readonly ManagedFieldsEntry[] | undefined,
  place: ReplicasPlace,
): ManagedFieldsEntry[] {
  const owners = [...storedManagers(objectEntries)].filter(([, manager]) => owned(manager, place) !== undefined);
  const managers = owners.map(([identity, manager]): [string, Manager] => [
    identity,
    { ...manager, apiVersion: scaleVersion, fields: scaleReplicas },
  ]);
  return writeManagers(new Map(managers));
}

export interface ScaledObject {
  readonly apiVersion: string;
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
  readonly place: ReplicasPlace;
}

/** The object's entries after its Scale was written. Those of versions that are no more are dropped. */
export function objectManagedFields(
  { apiVersion, managedFields, place }: ScaledObject,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
): ManagedFieldsEntry[] {
  const before = storedManagers(managedFields);
  const known = new Map([...before].filter(([, manager]) => place(manager.apiVersion) !== null));
  const scale = new Map([...storedManagers(scaleEntries)].map(([, manager]) => [scaleKey(manager), manager]));
  const managers = mapFields(known, (manager) => {
    const replicas = owned(manager, place);
    if (replicas === undefined) return manager.fields;
    // Still among the Scale's owners: nobody took the replicas away.
    return scale.delete(scaleKey(manager)) ? manager.fields : difference(manager.fields, setOf(replicas));
  });
  const fields = setOf(elementsOf(place(apiVersion)) ?? inScale);
  for (const manager of scale.values()) {
    if (!hasPath(manager.fields, inScale)) continue;
    // Upstream keeps no time for them.
    const owner = { ...manager, apiVersion, time: undefined, fields };
    managers.set(identityOf(owner), owner);
  }
  return writeManagers(managers);
}

/** The replicas in the set of a manager that owns them. */
function owned({ apiVersion, fields }: Manager, place: ReplicasPlace): readonly string[] | undefined {
  const replicas = elementsOf(place(apiVersion));
  return replicas !== undefined && hasPath(fields, replicas) ? replicas : undefined;
}

const elementsOf = (path: ReturnType<ReplicasPlace>): readonly string[] | undefined => path?.map((step) => `f:${step}`);

/** The same manager in both lists: versions differ between them. */
const scaleKey = ({ name, operation, subresource }: Manager): string => JSON.stringify([name, operation, subresource]);
