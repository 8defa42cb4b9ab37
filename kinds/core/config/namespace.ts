/** Namespaces. One carries its own name as a label, and goes only when its content has gone. */

import { namespaces } from '../../../api/resources/core.ts';
import type { Namespace } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind, statusSubresource, subresource } from '../../define-kind.ts';
import { validateFinalizerName } from '../../validation/metadata-validation.ts';
import { checkQualifiedName } from '../../validation/names.ts';

const nameLabel = 'kubernetes.io/metadata.name';

function validateFinalizers(namespace: Namespace, errors: FieldErrors): void {
  for (const finalizer of namespace.spec?.finalizers ?? []) {
    for (const message of checkQualifiedName(finalizer))
      errors.invalid(FieldPath.of('spec', 'finalizers'), finalizer, message);
    validateFinalizerName(finalizer, FieldPath.of('spec', 'finalizers'), errors);
  }
}

function validatePhase(namespace: Namespace, errors: FieldErrors): void {
  const phase = namespace.status?.phase ?? '';
  const place = FieldPath.of('status', 'Phase');
  if (namespace.metadata?.deletionTimestamp) {
    if (phase !== 'Terminating')
      errors.invalid(place, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
  } else if (phase !== 'Active') errors.invalid(place, phase, "may only be 'Active' if `deletionTimestamp` is empty");
}

function labelWithName(namespace: Namespace): void {
  const { metadata } = namespace;
  if (metadata?.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

export const namespaceKind = defineKind(namespaces, {
  shortNames: ['ns'],
  servedBy: 'storedOneByOne',
  subresources: [subresource('finalize', 'finalize'), statusSubresource],
  columns: [
    nameColumn,
    textColumn('Status', 'Whether it is in use or going away.', ({ status }) => status?.phase ?? ''),
    ageColumn,
  ],
  selectableFields: [{ name: 'status.phase', value: ({ status }) => status?.phase ?? '' }],
  strategy: {
    nameFormat: 'label',
    setDefaults: (namespace) => labelWithName(namespace),
    prepareForCreate(namespace) {
      labelWithName(namespace);
      const finalizers = new Set(namespace.spec?.finalizers ?? []).add('kubernetes');
      namespace.spec = { ...namespace.spec, finalizers: [...finalizers] };
      namespace.status = { phase: 'Active' };
    },
    prepareForUpdate(next, previous, { subresource }) {
      if (subresource === 'status') next.spec = previous.spec ?? {};
      else if (subresource === 'finalize') next.status = previous.status ?? {};
      else {
        next.spec = { ...previous.spec };
        next.status = { ...previous.status };
      }
    },
    validate(namespace, errors, { isUpdate, subresource }) {
      if (!isUpdate || subresource === 'finalize') validateFinalizers(namespace, errors);
    },
    validateUpdate(next, _previous, errors, { subresource }) {
      if (subresource === 'status') validatePhase(next, errors);
    },
    returnDeletedObject: true,
    twoStepDeletion: {
      markDeleted: (namespace) => Reflect.set(namespace, 'status', { ...namespace.status, phase: 'Terminating' }),
      isHeld: ({ spec }) => (spec?.finalizers ?? []).length > 0,
    },
  },
});
