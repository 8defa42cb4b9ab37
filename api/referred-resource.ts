/**
 * Which resource of the API a pod needs. One that a kubelet runs by itself may need none: it brings its node nothing, and
 * runs also while there is no API server. As upstream counts them. Pure.
 */

import { configMapNamesOf, secretNamesOf } from './pod-references.ts';
import type { Pod, PodSpec, Volume } from './types/core/v1.ts';

/** The first that is found, as refusals name it; undefined: the pod refers to nothing. */
export function referredResourceOf(pod: Pod): string | undefined {
  const { spec } = pod;
  if (spec?.serviceAccountName) return 'serviceaccounts';
  if (secretNamesOf(pod).length > 0) return 'secrets';
  if (configMapNamesOf(pod).length > 0) return 'configmaps';
  if (spec?.resourceClaims?.length) return 'resourceclaims';
  for (const volume of spec?.volumes ?? []) {
    const found = referenceOfVolume(volume);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Projection = NonNullable<NonNullable<NonNullable<PodSpec['volumes']>[number]['projected']>['sources']>[number];

/** One without a name counts too. */
function referenceOfVolume(volume: Volume): string | undefined {
  if (volume.configMap) return 'configmaps (via configmap volumes)';
  if (volume.secret) return 'secrets (via secret volumes)';
  if (volume.csi) return 'csidrivers (via CSI volumes)';
  if (volume.glusterfs) return 'endpoints (via glusterFS volumes)';
  if (volume.persistentVolumeClaim) return 'persistentvolumeclaims';
  if (volume.ephemeral) return 'persistentvolumeclaims (via ephemeral volumes)';
  if (volume.azureFile) return 'secrets (via azureFile volumes)';
  for (const source of volume.projected?.sources ?? []) {
    const found = referenceOfProjection(source);
    if (found !== undefined) return found;
  }
  return undefined;
}

function referenceOfProjection(source: Projection): string | undefined {
  if (source.configMap) return 'configmaps (via projected volumes)';
  if (source.secret) return 'secrets (via projected volumes)';
  if (source.serviceAccountToken) return 'serviceaccounts (via projected volumes)';
  if (source.clusterTrustBundle) return 'clustertrustbundles';
  if (source.podCertificate) return 'podcertificates';
  return undefined;
}
