/** Claims and ingresses that name no class get the one that is marked as the default. */

import {
  defaultIngressClassAnnotation,
  defaultStorageClassAnnotation,
  ingressClassAnnotation,
  storageClassAnnotation,
} from '../../api/labels.ts';
import { ingressClasses } from '../../api/resources/networking.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import type { PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import type { Ingress } from '../../api/types/networking/v1.ts';
import type { AdmissionPlugin } from '../registry/admission.ts';
import { findDefault } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';

export const createDefaultStorageClass = (registries: () => Registries): AdmissionPlugin => ({
  name: 'DefaultStorageClass',

  async admit({ operation, kind, subresource, object }) {
    if (operation !== 'CREATE' || kind.plural !== 'persistentvolumeclaims' || subresource !== undefined) return;
    const { spec, metadata } = object as PersistentVolumeClaim;
    const isNamed =
      spec?.storageClassName !== undefined || metadata?.annotations?.[storageClassAnnotation] !== undefined;
    if (spec === undefined || isNamed) return;
    const name = await findDefault(registries(), storageClasses, defaultStorageClassAnnotation);
    if (name !== undefined) spec.storageClassName = name;
  },
});

export const createDefaultIngressClass = (registries: () => Registries): AdmissionPlugin => ({
  name: 'DefaultIngressClass',

  async admit({ operation, kind, subresource, object }) {
    if (operation !== 'CREATE' || kind.plural !== 'ingresses' || subresource !== undefined) return;
    const { spec, metadata } = object as Ingress;
    const isNamed =
      spec?.ingressClassName !== undefined || metadata?.annotations?.[ingressClassAnnotation] !== undefined;
    if (spec === undefined || isNamed) return;
    const name = await findDefault(registries(), ingressClasses, defaultIngressClassAnnotation);
    if (name !== undefined) spec.ingressClassName = name;
  },
});
