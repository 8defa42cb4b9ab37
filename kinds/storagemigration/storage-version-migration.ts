/** The kind StorageVersionMigration: which resource's objects are written again, and how far that is. */

import { storageVersionMigrations } from '../../api/resources/storagemigration.ts';
import type { StorageVersionMigration } from '../../api/types/storagemigration/v1beta1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateConditions } from '../validation/conditions.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../validation/names.ts';

export const storageVersionMigrationKind = defineKind(storageVersionMigrations, {
  subresources: [statusSubresource],
  strategy: {
    ...specAndStatus({ hasGeneration: false, keepsMetadata: true }),
    allowUnconditionalUpdate: false,
    validate: validateMigration,
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') validateStatus(next, previous, errors);
      else validateImmutable(next.spec, previous.spec, FieldPath.of('spec'), errors);
    },
  },
});

function validateMigration({ spec }: StorageVersionMigration, errors: FieldErrors): void {
  const path = FieldPath.of('spec', 'resource');
  const { resource = '', group = '' } = spec?.resource ?? {};
  if (resource === '') errors.required(path.child('resource'), 'resource is required to be set');
  else {
    const found = checkDns1035Label(resource);
    if (found.length > 0) errors.invalid(path.child('resource'), resource, found.join(','));
  }
  const found = group === '' ? [] : checkDns1123Subdomain(group);
  if (found.length > 0) errors.invalid(path.child('group'), group, found.join(','));
}

/** What has ended stays so, and the version up to which objects are written again is settled once. */
function validateStatus(next: StorageVersionMigration, previous: StorageVersionMigration, errors: FieldErrors): void {
  const path = FieldPath.of('status');
  const { conditions = [], resourceVersion = '' } = next.status ?? {};
  const settled = previous.status?.resourceVersion ?? '';
  if (!/^(0|[1-9]\d*)?$/.test(resourceVersion))
    errors.invalid(path.child('resourceVersion'), resourceVersion, 'resource version is not well formed');
  validateConditions(conditions, path.child('conditions'), errors);
  if (settled !== '' && resourceVersion !== settled)
    errors.invalid(path.child('resourceVersion'), resourceVersion, 'field is immutable');
  const refuse = (why: string): void => errors.invalid(path.child('conditions'), conditions, why);
  const [succeeded, failed, running] = ['Succeeded', 'Failed', 'Running'].map((type) => isTrue(next, type));
  if (succeeded && failed) refuse('Both success and failed conditions cannot be true at the same time');
  if (succeeded && running) refuse('Running condition cannot be true when success condition is true');
  if (failed && running) refuse('Running condition cannot be true when failed condition is true');
  if (isTrue(previous, 'Succeeded') && !succeeded) refuse('Success condition cannot be set to false once it is true');
  if (isTrue(previous, 'Failed') && !failed) refuse('Failed condition cannot be set to false once it is true');
}

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');
