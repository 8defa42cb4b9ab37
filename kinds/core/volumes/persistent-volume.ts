/** PersistentVolumes: storage that outlives pods. */

import { storageClassAnnotation } from '../../../api/labels.ts';
import type { Stored } from '../../../api/object.ts';
import { persistentVolumes } from '../../../api/resources/core.ts';
import { formatTime } from '../../../api/time.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../../api/types/core/v1.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind, statusSubresource } from '../../define-kind.ts';
import { setHostVolumeDefaults } from '../../workloads/pod-spec/defaults.ts';
import { validateVolume, validateVolumeUpdate } from './persistent-volume-validation.ts';

function setDefaults(volume: PersistentVolume): void {
  const spec = volume.spec;
  if (!spec) return;
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  setHostVolumeDefaults(spec);
  if (!volume.status?.phase) Object.assign(volume, { status: { ...volume.status, phase: 'Pending' } });
}

/** When the phase changes the time of the change is kept. */
function notePhase(next: PersistentVolume, previous: Stored<PersistentVolume>, now: number): void {
  if (next.status?.phase === previous.status?.phase) return;
  const isNoted = next.status?.lastPhaseTransitionTime;
  const before = previous.status?.lastPhaseTransitionTime;
  if (isNoted !== undefined && isNoted !== before) return;
  Object.assign(next, { status: { ...next.status, lastPhaseTransitionTime: formatTime(now) } });
}

const modeLetters: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX`, in upstream's order. */
export function formatAccessModes(modes: readonly string[] = []): string {
  return Object.keys(modeLetters)
    .filter((mode) => modes.includes(mode))
    .map((mode) => modeLetters[mode])
    .join(',');
}

const claimOf = ({ claimRef }: PersistentVolumeSpec): string =>
  claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '';

const recycleText =
  'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';
const goneSources: Readonly<Record<string, string>> = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

const goneAnnotations: Readonly<Record<string, string>> = {
  [storageClassAnnotation]: 'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
};

function warnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const found = Object.entries(goneAnnotations)
    .filter(([name]) => metadata?.annotations?.[name] !== undefined)
    .map(([name, text]) => `metadata.annotations[${name}]: ${text}`);
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') found.push(recycleText);
  for (const [field, text] of Object.entries(goneSources)) {
    if (Reflect.get(spec, field) === undefined) continue;
    found.push(`spec.${field === 'storageos' ? 'storageOS' : field}: ${text}`);
  }
  return found;
}

export const persistentVolumeKind = defineKind(persistentVolumes, {
  shortNames: ['pv'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Capacity', 'How much it holds.', ({ spec }) => String(spec?.capacity?.storage ?? '')),
    textColumn('Access Modes', 'How it may be mounted.', ({ spec }) => formatAccessModes(spec?.accessModes)),
    textColumn(
      'Reclaim Policy',
      'What becomes of it when its claim goes.',
      ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    ),
    textColumn('Status', 'Whether it is free, bound or gone.', ({ status, metadata }) =>
      metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    textColumn('Claim', 'The claim that it is bound to.', ({ spec = {} }) => claimOf(spec)),
    textColumn('StorageClass', 'The class that it belongs to.', ({ spec }) => spec?.storageClassName ?? ''),
    textColumn(
      'VolumeAttributesClass',
      'The class of its attributes.',
      ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    ),
    textColumn('Reason', 'Why it is in its status.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    textColumn('VolumeMode', 'A file system or a device.', ({ spec }) => spec?.volumeMode ?? '<unset>', 1),
  ],
  strategy: {
    returnDeletedObject: true,
    metadataOnUpdate: 'all',
    setDefaults: (volume) => setDefaults(volume),
    prepareForCreate(volume) {
      const lastPhaseTransitionTime = volume.metadata?.creationTimestamp;
      Object.assign(volume, { status: { phase: 'Pending', lastPhaseTransitionTime } });
    },
    prepareForUpdate(next, previous, { subresource, now }) {
      if (subresource !== 'status') {
        Object.assign(next, { status: previous.status });
        return;
      }
      Object.assign(next, { spec: previous.spec });
      notePhase(next, previous, now);
    },
    validate(volume, errors, { subresource }) {
      if (subresource !== 'status') validateVolume(volume, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') return;
      // Upstream asks everything twice at an update.
      validateVolume(next, errors);
      validateVolumeUpdate(next, previous, errors);
    },
    warnings: (volume) => warnings(volume),
  },
});
