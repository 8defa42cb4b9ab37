/** Claims and ingresses that name no class get the one that is marked as the default. */

import {
  defaultIngressClassAnnotation,
  defaultStorageClassAnnotation,
  ingressClassAnnotation,
  oldDefaultStorageClassAnnotation,
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

interface DefaultClass<T extends KubernetesObject, Field extends string> {
  readonly plugin: string;
  readonly resource: Resource<T>;
  readonly field: Field;
  /** How objects named their class before there was the field. */
  readonly annotation: string;
  readonly classes: Resource<KubernetesObject>;
  /** What marks a class as the default. */
  readonly marks: readonly string[];
}

function createDefaultClass<Field extends string, T extends KubernetesObject & { spec?: { [F in Field]?: string } }>(
  objects: ObjectReader,
  { plugin, resource, field, annotation, classes, marks }: DefaultClass<T, Field>,
): AdmissionPlugin {
  return {
    name: plugin,
    admit: [
      onWrite(['CREATE'], resource, async ({ object: { spec, metadata } }) => {
        if (spec === undefined || spec[field] !== undefined || metadata?.annotations?.[annotation] !== undefined)
          return;
        const name = await findDefault(objects, classes, marks);
        if (name !== undefined) Object.assign(spec, { [field]: name });
      }),
    ],
  };
}

export const createDefaultStorageClass = (objects: ObjectReader): AdmissionPlugin =>
  createDefaultClass(objects, {
    plugin: 'DefaultStorageClass',
    resource: persistentVolumeClaims,
    field: 'storageClassName',
    annotation: storageClassAnnotation,
    classes: storageClasses,
    marks: [defaultStorageClassAnnotation, oldDefaultStorageClassAnnotation],
  });

export const createDefaultIngressClass = (objects: ObjectReader): AdmissionPlugin =>
  createDefaultClass(objects, {
    plugin: 'DefaultIngressClass',
    resource: ingresses,
    field: 'ingressClassName',
    annotation: ingressClassAnnotation,
    classes: ingressClasses,
    marks: [defaultIngressClassAnnotation],
  });

/** The newest of those that are marked; ties by name. */
async function findDefault(
  objects: ObjectReader,
  classes: Resource<KubernetesObject>,
  marks: readonly string[],
): Promise<string | undefined> {
  const marked = (await objects.all(classes)).filter(({ metadata }) =>
    marks.some((mark) => metadata.annotations?.[mark] === 'true'),
  );
  const [first] = marked.sort(
    (a, b) =>
      b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
      compareText(a.metadata.name, b.metadata.name),
  );
  return first?.metadata.name;
}
