/**
 * An object as Go prints its internal type: every field by its Go name, what is empty too. Upstream shows this form in
 * the differences of what may not change.
 */

import { structuredPatch } from 'diff';
import { isRecord, own } from '../../api/json-record.ts';
import { isAlwaysShown, isPlainScalar, isPointerString } from './go-facts.ts';
import { declaredFields, inGoOrder } from './go-order.ts';
import type { FieldShape, Shape, StructShape } from './shape.ts';

/** Names that are more than the JSON name with a capital. */
const goNames: Readonly<Record<string, string>> = {
  apiGroup: 'APIGroup',
  awsElasticBlockStore: 'AWSElasticBlockStore',
  cephfs: 'CephFS',
  chapAuthDiscovery: 'DiscoveryCHAPAuth',
  chapAuthSession: 'SessionCHAPAuth',
  csi: 'CSI',
  diskURI: 'DataDiskURI',
  fc: 'FC',
  fsType: 'FSType',
  gcePersistentDisk: 'GCEPersistentDisk',
  iqn: 'IQN',
  iscsi: 'ISCSI',
  iscsiInterface: 'ISCSIInterface',
  nfs: 'NFS',
  pdName: 'PDName',
  rbd: 'RBD',
  storageos: 'StorageOS',
  wwids: 'WWIDs',
};

const goNameOf = (field: string): string => own(goNames, field) ?? `${field.charAt(0).toUpperCase()}${field.slice(1)}`;

/** `order` lists the fields where the internal type declares them in another order than the published one. */
export function goInternalForm(shape: StructShape, value: unknown, order?: readonly string[]): Record<string, unknown> {
  const given = isRecord(value) ? value : {};
  const fields = (order ?? declaredFields(shape.definition)).flatMap((name) => shape.fields.get(name) ?? []);
  return Object.fromEntries(
    fields.map((field) => [goNameOf(field.name), formOf(shape, field, own(given, field.name))]),
  );
}

function formOf(owner: StructShape, { name, shape }: FieldShape, value: unknown): unknown {
  if (shape.type !== 'struct') return value ?? emptyOf(owner.definition, name, shape);
  // Types of the meta group have one form for inside and outside.
  if (shape.definition.includes('.meta.v1.')) return value === undefined ? null : inGoOrder(shape.definition, value);
  const isValue = isAlwaysShown(owner.definition, name);
  return value === undefined && !isValue ? null : goInternalForm(shape, value);
}

/** What is behind a pointer is null, lists and maps are, everything else has the zero of its type. */
function emptyOf(definition: string, name: string, shape: Shape): unknown {
  if (shape.type !== 'scalar') return null;
  if (shape.scalar === 'string') return isPointerString(definition, name) ? null : '';
  if (!isPlainScalar(definition, name)) return null;
  return shape.scalar === 'boolean' ? false : 0;
}

/** What differs between two such forms, with three lines around it: `@@ -1,5 +1,6 @@ …`. Empty: nothing does. */
export function goDifference(before: unknown, after: unknown): string {
  const text = (form: unknown): string => `${JSON.stringify(form, null, 1)}\n`;
  const { hunks } = structuredPatch('', '', text(before), text(after), '', '', { context: 3 });
  return hunks
    .map(({ oldStart, oldLines, newStart, newLines, lines }) =>
      [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, ...lines, ''].join('\n'),
    )
    .join('');
}
