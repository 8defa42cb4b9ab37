/** Which secrets a PersistentVolume refers to that the node needs which mounts it: those for controllers are not among them. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { PersistentVolume } from './types/core/v1.ts';

export interface SecretOfVolume {
  readonly namespace: string;
  readonly name: string;
}

/** Where a reference names no namespace, old volumes mean that of their claim. */
export function nodeSecretsOf({ spec }: DeepReadonly<PersistentVolume>): SecretOfVolume[] {
  const { azureFile, cephfs, cinder, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = spec ?? {};
  const ofClaim = spec?.claimRef?.namespace ?? '';
  const found = [
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace || ofClaim },
    ...[cephfs, flexVolume, iscsi, rbd, scaleIO].map(
      (source) => source?.secretRef && { ...source.secretRef, namespace: source.secretRef.namespace || ofClaim },
    ),
    ...[cinder?.secretRef, storageos?.secretRef],
    ...[csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef],
  ];
  return found.flatMap((one) => (one?.name && one.namespace ? [{ namespace: one.namespace, name: one.name }] : []));
}
