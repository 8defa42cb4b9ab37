/** PersistentVolumeClaims: storage that a namespace asks for. */

import { storageClassAnnotation } from '../../../api/labels.ts';
import { compareQuantities } from '../../../api/quantity.ts';
import { persistentVolumeClaims } from '../../../api/resources/core.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { goDifference, goInternalForm } from '../../../machinery/schema/go-internal-form.ts';
import { isSemanticallyEqual } from '../../../machinery/schema/semantic-equality.ts';
import { shapeOf } from '../../../machinery/schema/shape.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind, statusSubresource } from '../../define-kind.ts';
import { checkQualifiedName } from '../../validation/names.ts';
import { claimWarnings } from '../../workloads/volumes/amount-warnings.ts';
import { validateAmountOfStorage, validateClaimSpec } from '../../workloads/volumes/claim-validation.ts';
import { formatAccessModes } from './persistent-volume.ts';

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const specDefinition = 'io.k8s.api.core.v1.PersistentVolumeClaimSpec';

/** Two fields for one thing: each stands for the other when that is missing. */
function mirrorDataSource(spec: PersistentVolumeClaimSpec): void {
  if (spec.dataSource && !isPlainDataSource(spec.dataSource)) delete spec.dataSource;
  // Sources in other namespaces are switched off upstream, too.
  if (spec.dataSourceRef?.namespace) delete spec.dataSourceRef;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    spec.dataSource = { kind, name, ...(apiGroup !== undefined && { apiGroup }) };
  }
}

/** The older field knows claims and snapshots; anything else in it is dropped. */
const isPlainDataSource = ({ apiGroup, kind }: { apiGroup?: string; kind: string }): boolean =>
  (kind === 'PersistentVolumeClaim' && !apiGroup) ||
  (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');

function validateUpdate(next: PersistentVolumeClaim, previous: PersistentVolumeClaim, errors: FieldErrors): void {
  const [spec, before] = [next.spec ?? {}, previous.spec ?? {}];
  const wanted = withAllowedChanges(next, previous);
  if (!isSemanticallyEqual(specDefinition, wanted, before)) {
    const difference = goDifference(formOfSpec(before), formOfSpec(wanted));
    errors.forbidden(
      specPath,
      `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${difference}`,
    );
  }
  const requests = (claim: PersistentVolumeClaimSpec) => claim.resources?.requests?.storage ?? '0';
  const capacity = previous.status?.capacity?.storage ?? '0';
  const [asked, had] = [requests(spec), requests(before)];
  if (compareQuantities(asked, had) < 0 && compareQuantities(asked, capacity) <= 0)
    errors.forbidden(specPath.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity');
  if (spec.volumeMode !== before.volumeMode)
    errors.invalid(FieldPath.of('volumeMode'), spec.volumeMode ?? null, 'field is immutable');
}

const formOfSpec = (spec: PersistentVolumeClaimSpec): object =>
  goInternalForm(shapeOf(specDefinition), spec, [
    'accessModes',
    'selector',
    'resources',
    'volumeName',
    'storageClassName',
    'volumeMode',
    'dataSource',
    'dataSourceRef',
    'volumeAttributesClassName',
  ]);

/** The new spec with what may change put back. */
function withAllowedChanges(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec = structuredClone(next.spec ?? {});
  const before = previous.spec ?? {};
  const isBound = previous.status?.phase === 'Bound';
  if (!before.volumeName) delete spec.volumeName;
  if (isBound && spec.resources?.requests) {
    const storage = before.resources?.requests?.storage;
    spec.resources.requests = { ...spec.resources.requests, ...(storage !== undefined && { storage }) };
  }
  if (isBound) {
    if (before.volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName;
    else spec.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (before.storageClassName === undefined) delete spec.storageClassName;
  return spec;
}

function validateStatus({ status }: PersistentVolumeClaim, errors: FieldErrors): void {
  for (const [name, amount] of Object.entries(status?.capacity ?? {}))
    validateAmountOfStorage(amount, statusPath.child('capacity').key(name), errors);
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const at = statusPath.child('allocatedResourceStatuses');
    if (!validateResource(name, at, errors)) continue;
    if (!resizeStates.includes(state)) errors.notSupported(at, name, resizeStates);
  }
  for (const [name, amount] of Object.entries(status?.allocatedResources ?? {})) {
    if (!validateResource(name, statusPath.child('allocatedResources'), errors)) continue;
    validateAmountOfStorage(amount, statusPath.child('allocatedResources').key(name), errors);
  }
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/** `storage`, or a resource of somebody else's domain. Whether it is. */
function validateResource(name: string, path: FieldPath, errors: FieldErrors): boolean {
  const found = checkQualifiedName(name);
  for (const message of found) errors.invalid(path, name, message);
  if (found.length > 0) return false;
  if (name === 'storage') return true;
  const domain = name.includes('/') ? (name.split('/')[0] ?? '') : '';
  const isOwn = domain === '' || /(^|\.)kubernetes\.io$/.test(domain);
  if (isOwn) errors.notSupported(path, name, ['storage']);
  return !isOwn;
}

export const persistentVolumeClaimKind = defineKind(persistentVolumeClaims, {
  shortNames: ['pvc'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Status', 'Whether it has a volume.', ({ status, metadata }) =>
      metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    textColumn('Volume', 'The volume that it is bound to.', ({ spec }) => spec?.volumeName ?? ''),
    textColumn('Capacity', 'How much it got.', ({ spec, status }) =>
      spec?.volumeName ? String(status?.capacity?.storage ?? '0') : '',
    ),
    textColumn('Access Modes', 'How it may be mounted.', ({ spec, status }) =>
      spec?.volumeName ? formatAccessModes(status?.accessModes) : '',
    ),
    textColumn(
      'StorageClass',
      'The class that it asks for.',
      ({ spec, metadata }) => metadata.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? '',
    ),
    textColumn(
      'VolumeAttributesClass',
      'The class of its attributes.',
      ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    ),
    ageColumn,
    textColumn('VolumeMode', 'A file system or a device.', ({ spec }) => spec?.volumeMode ?? '<unset>', 1),
  ],
  strategy: {
    warnings({ metadata, spec }) {
      const name = storageClassAnnotation;
      const text = `metadata.annotations[${name}]: deprecated since v1.8; use "storageClassName" attribute instead`;
      const found = metadata?.annotations?.[name] === undefined ? [] : [text];
      return [...found, ...claimWarnings(spec?.resources, 'spec')];
    },
    returnDeletedObject: true,
    metadataOnUpdate: 'both',
    setDefaults(claim) {
      if (claim.spec) claim.spec.volumeMode ??= 'Filesystem';
      if (!claim.status?.phase) Object.assign(claim, { status: { ...claim.status, phase: 'Pending' } });
    },
    prepareForCreate(claim) {
      Object.assign(claim, { status: { phase: 'Pending' } });
      if (claim.spec) mirrorDataSource(claim.spec);
    },
    prepareForUpdate(next, previous, { subresource }) {
      if (subresource === 'status') next.spec = previous.spec ?? {};
      else {
        Object.assign(next, { status: previous.status ?? {} });
        if (next.spec) mirrorDataSource(next.spec);
      }
    },
    validate(claim, errors, { subresource }) {
      if (subresource === 'status') validateStatus(claim, errors);
      else validateClaimSpec(claim.spec ?? {}, specPath, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource !== 'status') validateUpdate(next, previous, errors);
    },
  },
});
