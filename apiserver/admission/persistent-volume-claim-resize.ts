/** A claim grows only where its class says that its volumes can. */

import { storageClassAnnotation } from '../../api/labels.ts';
import { compareQuantities } from '../../api/quantity.ts';
import { persistentVolumeClaims } from '../../api/resources/core.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import { forbidden } from '../../api/status-error.ts';
import type { PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

type Claim = DeepReadonly<PersistentVolumeClaim>;

export const createPersistentVolumeClaimResize = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'PersistentVolumeClaimResize',

  validate: [
    onWrite(['UPDATE'], persistentVolumeClaims, async ({ kind, name, object, previous }) => {
      if (previous === undefined || compareQuantities(sizeOf(object), sizeOf(previous)) <= 0) return;
      if (previous.status?.phase !== 'Bound') {
        throw forbidden(kind, name, 'Only bound persistent volume claims can be expanded');
      }
      if (await isGrowable(objects, object, previous)) return;
      throw forbidden(
        kind,
        name,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    }),
  ],
});

const sizeOf = ({ spec }: Claim): string => String(spec?.resources?.requests?.storage ?? '0');

const classOf = ({ spec, metadata }: Claim): string =>
  metadata?.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? '';

async function isGrowable(objects: ObjectReader, claim: Claim, previous: Claim): Promise<boolean> {
  const name = classOf(claim);
  if (name === '' || name.includes('/') || name !== classOf(previous)) return false;
  const found = await objects.find(storageClasses, { name });
  return found?.allowVolumeExpansion === true;
}
