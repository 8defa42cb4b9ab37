/** What a pod may look like that a kubelet makes: the picture of one of its own, which brings it nothing. As upstream. */

import { mirrorAnnotation } from '../../../api/labels.ts';
import { configMapNamesOf, secretNamesOf } from '../../../api/pod-references.ts';
import type { Pod, PodSpec, Volume } from '../../../api/types/core/v1.ts';
import type { OwnerReference } from '../../../api/types/meta/v1.ts';

/** Why the node may not make it; undefined: it may, if the node's uid is that of its owner. */
export function whyNoMirrorPod(node: string, { metadata, spec }: Pod): string | undefined {
  const quoted = JSON.stringify(node);
  if (metadata?.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`;
  }
  if (spec?.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  return whyNotOwned(node, metadata.ownerReferences ?? []);
}

function whyNotOwned(node: string, [owner, ...others]: readonly OwnerReference[]): string | undefined {
  const only = (what: string) => `node ${JSON.stringify(node)} can only create pods with ${what} set to itself`;
  if (others.length > 0) return only('a single owner reference');
  if (owner === undefined) return only('an owner reference');
  if (owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) return only('an owner reference');
  if (owner.controller !== true) return only('a controller owner reference');
  if (owner.blockOwnerDeletion === true) {
    return `node ${JSON.stringify(node)} must not set blockOwnerDeletion on an owner reference`;
  }
  return undefined;
}

/** A resource of the API that the pod refers to, as the refusal names it. */
export function referenceOf(pod: Pod): string | undefined {
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
