/** Volumes, claims and classes of attributes do not go away under whoever uses them: a controller takes the finalizer off when nobody does. */

import { attributesClassProtection, claimProtection, volumeProtection } from '../../api/finalizers.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import { volumeAttributesClasses } from '../../api/resources/storage.ts';
import { type AdmissionPlugin, type AdmissionStep, onWrite } from '../registry/admission.ts';

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',

  admit: [
    protect(persistentVolumes, volumeProtection),
    protect(persistentVolumeClaims, claimProtection),
    protect(volumeAttributesClasses, attributesClassProtection),
  ],
};

function protect<T extends KubernetesObject>(resource: Resource<T>, finalizer: string): AdmissionStep {
  return onWrite(['CREATE'], resource, ({ object: { metadata } }) => {
    if (metadata === undefined || metadata.finalizers?.includes(finalizer)) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  });
}
