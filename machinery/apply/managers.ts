/** metadata.managedFields as a table of managers: who owns which fields, by which operation, since when. */

import type { ManagedFieldsEntry } from '../../api/types/meta/v1.ts';
import { type FieldSet, isEmptySet, readFieldSet } from './field-set.ts';

export type Operation = 'Apply' | 'Update';

export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  /** The version in which its fields are named. */
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, to the second. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** By identity: name, operation and subresource, and for updaters the version. */
export type Managers = ReadonlyMap<string, Manager>;

export function identityOf(manager: Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>): string {
  const { name, operation, apiVersion, subresource } = manager;
  return JSON.stringify([name, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** The table that a stored list stands for: in the form in which `writeManagers` made it. */
export function storedManagers(entries: readonly ManagedFieldsEntry[] | null | undefined): Managers {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const manager = managerOf(entry, entry.fieldsV1 ?? {});
    if (manager !== undefined) managers.set(identityOf(manager), manager);
  }
  return managers;
}

/** The table that a list stands for which somebody sent; undefined when it is none. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | null | undefined): Managers | undefined {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const fields = readFieldSet(entry.fieldsV1 ?? {});
    const manager = fields && managerOf(entry, fields);
    if (manager === undefined) return undefined;
    managers.set(identityOf(manager), manager);
  }
  return managers;
}

function managerOf(entry: ManagedFieldsEntry, fields: FieldSet): Manager | undefined {
  const { manager = '', operation, apiVersion = '', fieldsType, subresource = '', time } = entry;
  if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '' || fieldsType !== 'FieldsV1')
    return undefined;
  return { name: manager, operation, apiVersion, subresource, time: time ?? undefined, fields };
}

/** `managedFields: [{}]`: a client asks to forget all owners. */
export function isReset(entries: readonly ManagedFieldsEntry[] | null | undefined): boolean {
  return entries?.length === 1 && Object.values(entries[0] ?? {}).every((value) => value === undefined || value === '');
}

/** The list for a table, in upstream's order: appliers before updaters, then by time and name. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()].sort(byOrder).map(writeEntry);
}

function byOrder(a: Manager, b: Manager): number {
  const text = (one: Manager) => [one.operation, one.time ?? '', one.name, one.apiVersion, one.subresource];
  const [left, right] = [text(a), text(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

function writeEntry({ name, operation, apiVersion, time, fields, subresource }: Manager): ManagedFieldsEntry {
  return {
    manager: name,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource !== '' && { subresource }),
  };
}

/** The table with the fields of each manager changed; managers that are left with none are gone. */
export function mapFields(
  managers: Managers,
  change: (manager: Manager, identity: string) => FieldSet,
): Map<string, Manager> {
  const result = new Map<string, Manager>();
  for (const [identity, manager] of managers) {
    const fields = change(manager, identity);
    if (!isEmptySet(fields)) result.set(identity, fields === manager.fields ? manager : { ...manager, fields });
  }
  return result;
}
