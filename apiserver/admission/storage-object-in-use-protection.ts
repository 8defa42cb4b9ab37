/** Volumes and claims do not go away under whoever uses them: a controller takes the finalizer off when nobody does. */

import type { AdmissionPlugin } from './admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  volumeattributesclasses: 'kubernetes.io/vac-protection',
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',

  admit({ operation, kind, subresource, object }) {
    const finalizer = finalizers[kind.plural];
    if (
      operation !== 'CREATE' ||
      subresource !== undefined ||
      finalizer === undefined ||
      object?.metadata === undefined
    )
      return;
    const { metadata } = object;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
