/** Of which class a claim or a volume is, and what the class says about binding. Pure. */

import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { own } from '../json-record.ts';
import { defaultStorageClassAnnotation, oldDefaultStorageClassAnnotation, storageClassAnnotation } from '../labels.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../types/core/v1.ts';
import type { StorageClass } from '../types/storage/v1.ts';

type ClassView = DeepReadonly<StorageClass>;

/** Of classes for volumes that an administrator makes. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

/** `''` is no class. The annotation from before there was the field still counts first. */
export const classOf = ({
  metadata,
  spec,
}: DeepReadonly<PersistentVolume> | DeepReadonly<PersistentVolumeClaim>): string =>
  own(metadata?.annotations ?? {}, storageClassAnnotation) ?? spec?.storageClassName ?? '';

/** Whether the claim says anything of a class, be it that it wants none. */
export const namesClass = ({ metadata, spec }: DeepReadonly<PersistentVolumeClaim>): boolean =>
  own(metadata?.annotations ?? {}, storageClassAnnotation) !== undefined || spec?.storageClassName !== undefined;

/** Its claims are bound once the scheduler has chosen a node for a pod that uses them. */
export const waitsForConsumer = ({ volumeBindingMode }: ClassView): boolean =>
  volumeBindingMode === 'WaitForFirstConsumer';

/** The newest of those that are marked as default; ties by name. */
export function defaultClassAmong<T extends ClassView>(classes: Iterable<T>): T | undefined {
  const [first] = [...classes]
    .filter(isDefaultClass)
    .sort((a, b) => compareText(createdAt(b), createdAt(a)) || compareText(nameOf(a), nameOf(b)));
  return first;
}

function isDefaultClass({ metadata }: ClassView): boolean {
  const annotations = metadata?.annotations ?? {};
  return [defaultStorageClassAnnotation, oldDefaultStorageClassAnnotation].some(
    (mark) => own(annotations, mark) === 'true',
  );
}

const createdAt = ({ metadata }: ClassView): string => metadata?.creationTimestamp ?? '';
const nameOf = ({ metadata }: ClassView): string => metadata?.name ?? '';
