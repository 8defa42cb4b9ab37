/** The kind VolumeAttachment. */

import { volumeAttachments } from '../../api/resources/storage.ts';
import type { VolumeAttachment, VolumeAttachmentSource } from '../../api/types/storage/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, booleanColumn, nameColumn, textColumn } from '../columns.ts';
import { validateInlineVolumeSpec } from '../core/volumes/persistent-volume-validation.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateDriverName } from '../validation/driver-name.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';
import { checkDns1123Subdomain } from '../validation/names.ts';

export const volumeAttachmentKind = defineKind(volumeAttachments, {
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    {
      name: 'Attacher',
      type: 'string',
      format: 'name',
      description: 'What attaches it.',
      cell: ({ spec }) => spec.attacher,
    },
    textColumn('PV', 'The volume.', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    textColumn('Node', 'Where it is attached.', ({ spec }) => spec.nodeName),
    booleanColumn('Attached', 'Whether it is.', ({ status }) => status?.attached ?? false),
    ageColumn,
  ],
  strategy: {
    returnDeletedObject: true,
    allowUnconditionalUpdate: false,
    ...specAndStatus({ newStatus: () => ({ attached: false }), hasGeneration: false }),
    setDefaults(object) {
      object.status = { ...object.status, attached: object.status?.attached ?? false };
    },
    validate: validateAttachment,
    validateUpdate(next, previous, errors) {
      validateImmutableStruct(
        'io.k8s.api.storage.v1.VolumeAttachmentSpec',
        next.spec,
        previous.spec,
        FieldPath.of('spec'),
        errors,
        internalForm(next),
      );
    },
  },
});

function validateAttachment(object: VolumeAttachment, errors: FieldErrors): void {
  const { attacher = '', source, nodeName = '' } = object.spec ?? {};
  const path = FieldPath.of('spec');
  validateDriverName(attacher, path.child('attacher'), errors);
  validateSource(source ?? {}, path.child('source'), errors);
  for (const message of checkDns1123Subdomain(nodeName)) errors.invalid(path.child('nodeName'), nodeName, message);
  for (const name of ['attachError', 'detachError'] as const) {
    const code = object.status?.[name]?.errorCode;
    if (code !== undefined && code < 0) {
      errors.invalid(FieldPath.of('status', name, 'errorCode'), code, 'must be between 0 and 2147483647, inclusive');
    }
  }
}

function validateSource(source: VolumeAttachmentSource, path: FieldPath, errors: FieldErrors): void {
  const { inlineVolumeSpec, persistentVolumeName } = source;
  const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined) errors.required(path, exactlyOne);
  else if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) errors.forbidden(path, exactlyOne);
  else if (persistentVolumeName !== undefined) {
    const at = path.child('persistentVolumeName');
    if (persistentVolumeName === '') errors.required(at, 'must specify non empty persistentVolumeName');
    for (const message of checkDns1123Subdomain(persistentVolumeName))
      errors.invalid(at, persistentVolumeName, message);
  } else if (inlineVolumeSpec !== undefined)
    validateInlineVolumeSpec(inlineVolumeSpec, path.child('inlineVolumeSpec'), errors);
}

function internalForm({ spec }: VolumeAttachment): object {
  return {
    Attacher: spec?.attacher ?? '',
    Source: {
      PersistentVolumeName: spec?.source?.persistentVolumeName ?? null,
      InlineVolumeSpec: spec?.source?.inlineVolumeSpec ?? null,
    },
    NodeName: spec?.nodeName ?? '',
  };
}
