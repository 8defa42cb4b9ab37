/** Volumes, claims and classes of attributes do not go away under whoever uses them: a controller takes the finalizer off when nobody does. */

import { attributesClassProtection, claimProtection, volumeProtection } from '../../api/finalizers.ts';
import type { AdmissionPlugin } from '../registry/admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: volumeProtection,
  persistentvolumeclaims: claimProtection,
  volumeattributesclasses: attributesClassProtection,
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
