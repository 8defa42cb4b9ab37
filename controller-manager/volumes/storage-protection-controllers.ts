/**
 * Lets claims, volumes and classes of volume attributes go that somebody deleted, once nothing uses them: admission gave
 * each of them a finalizer that holds it until then.
 */

import { attributesClassProtection, claimProtection, volumeProtection } from '../../api/finalizers.ts';
import { parseKey } from '../../api/object.ts';
import { persistentVolumeClaims, persistentVolumes, pods } from '../../api/resources/core.ts';
import { volumeAttributesClasses } from '../../api/resources/storage.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core/v1.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ControllerContext } from '../controller-context.ts';
import { removeFinalizer } from '../finalizers.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { claimsHeldBy, isClassNamedBy, isHeld, isVolumeUsed } from './storage-protection-plan.ts';

export function createClaimProtectionController({ client, informers, controller }: ControllerContext): Controller {
  const claims = informers.metadataOf(persistentVolumeClaims);
  const podInformer = informers.of(pods, podIndexes);
  async function reconcile(key: string) {
    const claim = claims.get(key);
    if (!isHeld(claim, claimProtection)) return {};
    const { namespace } = parseKey(key);
    const isUsed = (list: Iterable<Cached<Pod>>) => [...list].some((pod) => claimsHeldBy(pod).includes(key));
    // The cache may be behind, and a claim that went under a pod's hands does not come back: the server has the last word.
    if (isUsed(podInformer.list(namespace))) return {};
    if (isUsed((await client.list<Pod>(pods, { namespace })).items)) return {};
    await removeFinalizer<PersistentVolumeClaim>(client, {
      kind: persistentVolumeClaims,
      object: claim,
      finalizer: claimProtection,
    });
    return {};
  }
  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(claims, keyOfChange)
    .watch(podInformer, ({ previous }) => (previous ? claimsHeldBy(previous) : []));
}

export function createVolumeProtectionController({ client, informers, controller }: ControllerContext): Controller {
  const volumes = informers.metadataOf(persistentVolumes);
  async function reconcile(name: string) {
    const volume = volumes.get(name);
    if (!isHeld(volume, volumeProtection)) return {};
    await removeFinalizer<PersistentVolume>(client, {
      kind: persistentVolumes,
      object: volume,
      finalizer: volumeProtection,
      mayGo: (volume) => !isVolumeUsed(volume),
    });
    return {};
  }
  return controller({ reconciler: { reconcile }, workers: 1 }).watch(volumes, keyOfChange);
}

export function createAttributesClassProtectionController({
  client,
  informers,
  controller,
}: ControllerContext): Controller {
  const classes = informers.metadataOf(volumeAttributesClasses);
  const claims = informers.metadataOf(persistentVolumeClaims);
  const volumes = informers.metadataOf(persistentVolumes);
  async function reconcile(name: string) {
    const object = classes.get(name);
    if (!isHeld(object, attributesClassProtection)) return {};
    const { items: claimed } = await client.list<PersistentVolumeClaim>(persistentVolumeClaims, {});
    if (claimed.some((claim) => isClassNamedBy(claim, name))) return {};
    const { items: made } = await client.list<PersistentVolume>(persistentVolumes, {});
    if (made.some(({ spec }) => spec?.volumeAttributesClassName === name)) return {};
    await removeFinalizer(client, { kind: volumeAttributesClasses, object, finalizer: attributesClassProtection });
    return {};
  }
  /** Caches keep only the metadata of claims and volumes: a change of any may be what a deleted class waits for. */
  function* heldClasses(): Generator<string> {
    for (const one of classes.list()) {
      if (isHeld(one, attributesClassProtection)) yield one.metadata.name;
    }
  }
  return controller({ reconciler: { reconcile }, workers: 1 })
    .watch(classes, keyOfChange)
    .watch(claims, heldClasses)
    .watch(volumes, heldClasses);
}
