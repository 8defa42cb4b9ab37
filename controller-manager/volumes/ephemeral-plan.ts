/** The claims that a pod's ephemeral volumes need. Pure. */

import { keyOf } from '../../api/object.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, Pod, Volume } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { sentAsIs } from '../../client/changed-copy.ts';
import type { Cached } from '../../client/object-cache.ts';

export type EphemeralPlan =
  | { readonly type: 'create'; readonly volumeName: string; readonly claim: PersistentVolumeClaim }
  /** There is a claim of that name, and it is not this pod's. */
  | { readonly type: 'taken'; readonly volumeName: string; readonly message: string };

/** Only what is to be done. */
export function planEphemeralClaims(
  pod: Cached<Pod>,
  claimOf: (key: string) => Cached<PersistentVolumeClaim> | undefined,
): EphemeralPlan[] {
  if (isPodTerminating(pod) || isPodFinished(pod)) return [];
  return (pod.spec?.volumes ?? []).flatMap((volume): EphemeralPlan[] => {
    const claim = claimFor(pod, volume);
    if (claim === undefined) return [];
    const found = claimOf(keyOf(claim));
    if (found === undefined) return [{ type: 'create', volumeName: volume.name, claim }];
    if (isClaimOfPod(found, pod)) return [];
    return [{ type: 'taken', volumeName: volume.name, message: notOwned(found, pod) }];
  });
}

export const notOwned = (claim: Cached<PersistentVolumeClaim>, pod: Cached<Pod>): string =>
  `PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`;

export const isClaimOfPod = ({ metadata }: Cached<PersistentVolumeClaim>, pod: Cached<Pod>): boolean =>
  (metadata.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === pod.metadata.uid);

function claimFor(
  { metadata: { name, namespace, uid } }: Cached<Pod>,
  volume: DeepReadonly<Volume>,
): PersistentVolumeClaim | undefined {
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (template === undefined) return undefined;
  const { labels, annotations } = template.metadata ?? {};
  const owner = { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...(namespace !== undefined && { namespace }),
      name: `${name}-${volume.name}`,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [owner],
    },
    spec: sentAsIs<PersistentVolumeClaimSpec>(template.spec),
  };
}
