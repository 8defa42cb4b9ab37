/** What still uses a claim, a volume or a class of volume attributes that somebody deleted. Pure. */

import type { KubernetesObject } from '../../api/object.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

/** It was deleted, and only waits for this finalizer, among others. */
export function isHeld(
  object: Cached<KubernetesObject> | undefined,
  finalizer: string,
): object is Cached<KubernetesObject> {
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}

/** Keys of the claims that the pod holds: bound to a node it does, even when it has ended; without a node it does not. */
export function claimsHeldBy({ metadata, spec }: Cached<Pod>): string[] {
  if (!spec?.nodeName) return [];
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral ? `${metadata.name}-${name}` : undefined);
    return claim === undefined ? [] : [`${metadata.namespace}/${claim}`];
  });
}

/** A claim is bound to it. */
export const isVolumeUsed = ({ status }: DeepReadonly<PersistentVolume>): boolean => status?.phase === 'Bound';

/** Whether the claim wants the class, has it, or is on its way to it. */
export function isClassNamedBy({ spec, status }: DeepReadonly<PersistentVolumeClaim>, className: string): boolean {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {};
  return [
    spec?.volumeAttributesClassName,
    currentVolumeAttributesClassName,
    modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].includes(className);
}
