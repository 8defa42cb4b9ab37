/** The spec of a PersistentVolumeClaim, also as a template inside pods and StatefulSets. */

import { readQuantity, wholeUnits } from '../../../api/quantity.ts';
import type { PersistentVolumeClaimSpec } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateLabelSelector } from '../../validation/label-selector.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../../validation/names.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

/** Modes of claims and of volumes. */
export function validateAccessModes(
  modes: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
  noneText: string,
): void {
  if (modes.length === 0) errors.required(path, noneText);
  for (const mode of modes) if (!accessModes.includes(mode)) errors.notSupported(path, mode, accessModes);
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    errors.forbidden(path, 'may not use ReadWriteOncePod with other access modes');
}

export function validateVolumeMode(mode: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (mode !== undefined && !volumeModes.includes(mode)) errors.notSupported(path, mode, volumeModes);
}

export function validatePositive(amount: string, path: FieldPath, errors: FieldErrors): void {
  if (readQuantity(amount).nanos <= 0n) errors.invalid(path, amount, 'must be greater than zero');
}

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  validateAccessModes(spec.accessModes ?? [], path.child('accessModes'), errors, 'at least 1 access mode is required');
  validateLabelSelector(spec.selector, path.child('selector'), errors);
  const storage = spec.resources?.requests?.storage;
  // Upstream leaves "requests" out of this path.
  if (storage === undefined) errors.required(path.child('resources').key('storage'));
  else validatePositive(storage, path.child('resources').key('storage'), errors);
  if (spec.storageClassName) {
    for (const message of checkDns1123Subdomain(spec.storageClassName))
      errors.invalid(path.child('storageClassName'), spec.storageClassName, message);
  }
  validateVolumeMode(spec.volumeMode, path.child('volumeMode'), errors);
  if (spec.volumeAttributesClassName) {
    for (const message of checkDns1123Subdomain(spec.volumeAttributesClassName))
      errors.invalid(path.child('volumeAttributesClassName'), spec.volumeAttributesClassName, message);
  }
  validateDataSources(spec, path, errors);
}

interface DataSource {
  readonly apiGroup?: string | null;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function validateDataSources(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  const source = spec.dataSource;
  const reference = spec.dataSourceRef;
  if (source) validateDataSource(source, path.child('dataSource'), errors);
  if (reference) {
    validateDataSource(reference, path.child('dataSourceRef'), errors);
    if (reference.namespace) {
      for (const message of checkDns1123Label(reference.namespace))
        errors.invalid(path.child('dataSourceRef', 'namespace'), reference.namespace, message);
    }
  }
  if (reference?.namespace) {
    if (source)
      errors.invalid(
        path,
        path.child('dataSource').toString(),
        'may not be specified when dataSourceRef.namespace is specified',
      );
  } else if (source && reference && !sameSource(source, reference)) {
    errors.invalid(path, path.child('dataSource').toString(), 'must match dataSourceRef');
  }
}

const sameSource = (a: DataSource, b: DataSource): boolean =>
  (a.apiGroup ?? '') === (b.apiGroup ?? '') && a.kind === b.kind && a.name === b.name;

function validateDataSource(source: DataSource, path: FieldPath, errors: FieldErrors): void {
  if (source.name === '') errors.required(path.child('name'));
  if (source.kind === '') errors.required(path.child('kind'));
  const group = source.apiGroup ?? '';
  if (group === '' && source.kind !== 'PersistentVolumeClaim')
    errors.invalid(path, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  if (group !== '')
    for (const message of checkDns1123Subdomain(group)) errors.invalid(path.child('apiGroup'), group, message);
}

/** Upstream says a negative amount as a number here. */
export function validateAmountOfStorage(amount: string, path: FieldPath, errors: FieldErrors): void {
  const whole = wholeUnits(readQuantity(amount));
  if (whole < 0n) errors.invalid(path, Number(whole), 'must be a valid resource quantity');
}
