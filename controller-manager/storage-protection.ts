/**
 * Lets claims and volumes go that somebody deleted, once nothing uses them: admission gave each of them a finalizer that
 * holds it until then.
 */

import type { PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1';
import { persistentVolumes, volumeProtection } from '../api/core/persistent-volume.ts';
import { claimProtection, persistentVolumeClaims } from '../api/core/persistent-volume-claim.ts';
import { pods } from '../api/core/pod.ts';
import { type KubernetesObject, parseKey } from '../api/object.ts';
import { type Controller, keyOfChange } from '../client/controller.ts';
import type { Cached } from '../client/object-cache.ts';
import { removeFinalizer } from './finalizers.ts';
import type { LoopContext } from './loop.ts';

/** Keys of the claims that the pod holds: bound to a node it does, even when it has ended; without a node it does not. */
function claimsHeldBy({ metadata, spec }: Cached<Pod>): string[] {
  if (!spec?.nodeName) return [];
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral ? `${metadata.name}-${name}` : undefined);
    return claim === undefined ? [] : [`${metadata.namespace}/${claim}`];
  });
}

export function createClaimProtectionLoop({ client, informers, controller }: LoopContext): Controller {
  const claims = informers.all.get(persistentVolumeClaims);
  async function reconcile(key: string) {
    const claim = claims?.get(key);
    if (!isHeld(claim, claimProtection)) return {};
    const { namespace } = parseKey(key);
    const isUsed = (list: Iterable<Cached<Pod>>) => [...list].some((pod) => claimsHeldBy(pod).includes(key));
    // The cache may be behind, and a claim that went under a pod's hands does not come back: the server has the last word.
    if (isUsed(informers.pods.list(namespace))) return {};
    if (isUsed((await client.list<Pod>(pods, { namespace })).items)) return {};
    await removeFinalizer<PersistentVolumeClaim>(client, {
      kind: persistentVolumeClaims,
      object: claim,
      finalizer: claimProtection,
    });
    return {};
  }
  const loop = controller({ name: 'persistentvolumeclaim-protection', reconciler: { reconcile }, workers: 2 });
  if (claims) loop.watch(claims, keyOfChange);
  return loop.watch(informers.pods, ({ previous }) => (previous ? claimsHeldBy(previous) : []));
}

export function createVolumeProtectionLoop({ client, informers, controller }: LoopContext): Controller {
  const volumes = informers.all.get(persistentVolumes);
  async function reconcile(name: string) {
    const volume = volumes?.get(name);
    if (!isHeld(volume, volumeProtection)) return {};
    await removeFinalizer<PersistentVolume>(client, {
      kind: persistentVolumes,
      object: volume,
      finalizer: volumeProtection,
      mayGo: ({ status }) => status?.phase !== 'Bound',
    });
    return {};
  }
  const loop = controller({ name: 'persistentvolume-protection', reconciler: { reconcile }, workers: 1 });
  return volumes ? loop.watch(volumes, keyOfChange) : loop;
}

function isHeld(object: Cached<KubernetesObject> | undefined, finalizer: string): object is Cached<KubernetesObject> {
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}
