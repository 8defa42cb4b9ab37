/** Claims and ingresses that name no class get the one that is marked as the default. */

import {
  defaultIngressClassAnnotation,
  defaultStorageClassAnnotation,
  ingressClassAnnotation,
  storageClassAnnotation,
} from '../../api/labels.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { persistentVolumeClaims } from '../../api/resources/core.ts';
import { ingressClasses, ingresses } from '../../api/resources/networking.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import { compareText } from '../../base/compare.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export const createDefaultStorageClass = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'DefaultStorageClass',

  admit: [
    onWrite(['CREATE'], persistentVolumeClaims, async ({ object: { spec, metadata } }) => {
      const isNamed =
        spec?.storageClassName !== undefined || metadata?.annotations?.[storageClassAnnotation] !== undefined;
      if (spec === undefined || isNamed) return;
      const name = await findDefault(objects, storageClasses, defaultStorageClassAnnotation);
      if (name !== undefined) spec.storageClassName = name;
    }),
  ],
});

export const createDefaultIngressClass = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'DefaultIngressClass',

  admit: [
    onWrite(['CREATE'], ingresses, async ({ object: { spec, metadata } }) => {
      const isNamed =
        spec?.ingressClassName !== undefined || metadata?.annotations?.[ingressClassAnnotation] !== undefined;
      if (spec === undefined || isNamed) return;
      const name = await findDefault(objects, ingressClasses, defaultIngressClassAnnotation);
      if (name !== undefined) spec.ingressClassName = name;
    }),
  ],
});

/** The newest of those that an annotation marks as the default; ties by name. */
async function findDefault<T extends KubernetesObject>(
  objects: ObjectReader,
  resource: Resource<T>,
  annotation: string,
): Promise<string | undefined> {
  const marked = (await objects.all(resource)).filter(({ metadata }) => metadata.annotations?.[annotation] === 'true');
  const [first] = marked.sort(
    (a, b) =>
      b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
      compareText(a.metadata.name, b.metadata.name),
  );
  return first?.metadata.name;
}
