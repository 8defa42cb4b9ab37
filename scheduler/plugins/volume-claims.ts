/** The claims of a pod's volumes as the scheduler finds them, or why it cannot be placed because of one. */

import { goQuote } from '../../api/go-text.ts';
import { own } from '../../api/json-record.ts';
import { claimNameOf } from '../../api/pod-references.ts';
import type { PersistentVolumeClaim, Volume } from '../../api/types/core/v1.ts';
import { bindCompleted } from '../../api/volumes/annotations.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import type { PodInfo } from '../pod-info.ts';

export type Claim = Cached<PersistentVolumeClaim>;

/** The pod's claims in the order of its volumes; a text: what is wrong with one, in upstream's words. */
export function claimsOf(pod: PodInfo, claims: ObjectCache<PersistentVolumeClaim>): Claim[] | string {
  const found: Claim[] = [];
  for (const volume of pod.pod.spec.volumes ?? []) {
    const name = claimNameOf(pod.pod, volume);
    if (name === undefined) continue;
    const claim = claims.get(`${pod.namespace}/${name}`);
    const wrong = whyUnusable(pod, { volume, name, claim });
    if (wrong !== undefined) return wrong;
    if (claim !== undefined) found.push(claim);
  }
  return found;
}

interface Use {
  readonly volume: DeepReadonly<Volume>;
  readonly name: string;
  readonly claim: Claim | undefined;
}

function whyUnusable(pod: PodInfo, { volume, name, claim }: Use): string | undefined {
  if (claim === undefined) {
    const missing = `persistentvolumeclaim ${goQuote(name)}`;
    if (volume.ephemeral === undefined) return `${missing} not found`;
    return `waiting for ephemeral volume controller to create the ${missing}`;
  }
  if (claim.status?.phase === 'Lost') {
    const volumeName = goQuote(claim.spec?.volumeName ?? '');
    return `persistentvolumeclaim ${goQuote(name)} bound to non-existent persistentvolume ${volumeName}`;
  }
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim ${goQuote(name)} is being deleted`;
  if (volume.ephemeral === undefined || isOwnedBy(claim, pod.uid)) return undefined;
  return `PVC ${pod.namespace}/${name} was not created for pod ${pod.key} (pod is not owner)`;
}

const isOwnedBy = ({ metadata }: Claim, uid: string): boolean =>
  (metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === uid);

export const isFullyBound = ({ metadata, spec }: Claim): boolean =>
  Boolean(spec?.volumeName) && own(metadata.annotations ?? {}, bindCompleted) !== undefined;
