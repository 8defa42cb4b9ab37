/** The kind StorageClass. */

import { defaultStorageClassAnnotation, oldDefaultStorageClassAnnotation } from '../../api/labels.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import type { TopologySelectorTerm } from '../../api/types/core/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, booleanColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkQualifiedName } from '../validation/names.ts';
import { validateParameters, validateProvisioner } from './class-fields.ts';

export const storageClassKind = defineKind(storageClasses, {
  shortNames: ['sc'],
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) => (isDefaultClass(metadata.annotations) ? `${metadata.name} (default)` : metadata.name),
    },
    textColumn('Provisioner', 'What makes its volumes.', ({ provisioner }) => provisioner),
    textColumn(
      'ReclaimPolicy',
      'What becomes of a volume after its claim.',
      ({ reclaimPolicy = 'Delete' }) => reclaimPolicy,
    ),
    textColumn(
      'VolumeBindingMode',
      'When claims are bound.',
      ({ volumeBindingMode = 'Immediate' }) => volumeBindingMode,
    ),
    booleanColumn(
      'AllowVolumeExpansion',
      'Whether volumes may grow.',
      ({ allowVolumeExpansion = false }) => allowVolumeExpansion,
    ),
    ageColumn,
  ],
  strategy: {
    returnDeletedObject: true,
    setDefaults(object) {
      object.reclaimPolicy ??= 'Delete';
      object.volumeBindingMode ??= 'Immediate';
    },
    validate: validateStorageClass,
    validateUpdate(next, previous, errors) {
      for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
        validateImmutable(next[field], previous[field], FieldPath.of(field), errors);
      }
    },
  },
});

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

/** Whether claims that name no class get this one; the beta annotation still counts. */
function isDefaultClass(annotations: Readonly<Record<string, string>> | undefined): boolean {
  const names = [defaultStorageClassAnnotation, oldDefaultStorageClassAnnotation];
  return names.some((name) => annotations?.[name] === 'true');
}

function validateStorageClass(object: StorageClass, errors: FieldErrors): void {
  validateProvisioner(object.provisioner ?? '', FieldPath.of('provisioner'), errors);
  validateParameters(object.parameters, FieldPath.of('parameters'), errors);
  const { reclaimPolicy = '', volumeBindingMode } = object;
  if (!reclaimPolicies.includes(reclaimPolicy))
    errors.notSupported(FieldPath.of('reclaimPolicy'), reclaimPolicy, reclaimPolicies);
  if (volumeBindingMode === undefined) errors.required(FieldPath.of('volumeBindingMode'));
  else if (!bindingModes.includes(volumeBindingMode))
    errors.notSupported(FieldPath.of('volumeBindingMode'), volumeBindingMode, bindingModes);
  validateTopologies(object.allowedTopologies ?? [], errors);
}

function validateTopologies(topologies: readonly TopologySelectorTerm[], errors: FieldErrors): void {
  // Upstream compares each term with a list that begins with as many empty ones.
  const seen = topologies.map(() => JSON.stringify([]));
  for (const [i, term] of topologies.entries()) {
    const path = FieldPath.of('allowedTopologies').index(i).child('matchLabelExpressions');
    const expressions = validateTopologyTerm(term, path, errors);
    for (const other of seen) if (other === expressions) errors.duplicate(path, '');
    seen.push(expressions);
  }
}

/** Returns a text that is the same for terms that mean the same. */
function validateTopologyTerm(term: TopologySelectorTerm, path: FieldPath, errors: FieldErrors): string {
  const keys = new Map<string, string>();
  for (const [i, { key = '', values = [] }] of (term.matchLabelExpressions ?? []).entries()) {
    const at = path.index(i);
    if (values.length === 0) errors.required(at.child('values'));
    const seen = new Set<string>();
    for (const [n, value] of values.entries()) {
      if (seen.has(value)) errors.duplicate(at.child('values').index(n), value);
      seen.add(value);
    }
    for (const message of checkQualifiedName(key)) errors.invalid(at.child('key'), key, message);
    if (keys.has(key)) errors.duplicate(at.child('key'), key);
    keys.set(key, [...seen].sort().join());
  }
  return JSON.stringify([...keys].sort());
}
