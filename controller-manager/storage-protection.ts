/**
 * Lets claims, volumes and classes of volume attributes go that somebody deleted, once nothing uses them: admission gave
 * each of them a finalizer that holds it until then.
 */

import { type KubernetesObject, parseKey } from '../api/object.ts';
import { persistentVolumeClaims, persistentVolumes, pods } from '../api/resources/core.ts';
import { volumeAttributesClasses } from '../api/resources/storage.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types/core/v1.ts';
import { type Controller, keyOfChange } from '../client/controller.ts';
import type { Cached } from '../client/object-cache.ts';
import { volumeProtection } from '../kinds/core/volumes/persistent-volume.ts';
import { claimProtection } from '../kinds/core/volumes/persistent-volume-claim.ts';
import { attributesClassProtection } from '../kinds/storage/volume-attributes-class.ts';
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

/** The classes that a claim names: the one it wants, the one it has, and the one it is on its way to. */
function classesOfClaim({ spec, status }: PersistentVolumeClaim): (string | undefined)[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {};
  return [
    spec?.volumeAttributesClassName,
    currentVolumeAttributesClassName,
    modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
}

export function createAttributesClassProtectionLoop({ client, informers, controller }: LoopContext): Controller {
  const classes = informers.all.get(volumeAttributesClasses);
  const claims = informers.all.get(persistentVolumeClaims);
  const volumes = informers.all.get(persistentVolumes);
  async function reconcile(name: string) {
    const object = classes?.get(name);
    if (!isHeld(object, attributesClassProtection)) return {};
    const { items: claimed } = await client.list<PersistentVolumeClaim>(persistentVolumeClaims, {});
    if (claimed.some((claim) => classesOfClaim(claim).includes(name))) return {};
    const { items: made } = await client.list<PersistentVolume>(persistentVolumes, {});
    if (made.some(({ spec }) => spec?.volumeAttributesClassName === name)) return {};
    await removeFinalizer(client, { kind: volumeAttributesClasses, object, finalizer: attributesClassProtection });
    return {};
  }
  /** Caches keep only the metadata of claims and volumes: a change of any may be what a deleted class waits for. */
  function* heldClasses(): Generator<string> {
    for (const one of classes?.list() ?? []) {
      if (isHeld(one, attributesClassProtection)) yield one.metadata.name;
    }
  }
  const loop = controller({ name: 'volumeattributesclass-protection', reconciler: { reconcile }, workers: 1 });
  if (classes) loop.watch(classes, keyOfChange);
  for (const users of [claims, volumes]) if (users) loop.watch(users, heldClasses);
  return loop;
}

function isHeld(object: Cached<KubernetesObject> | undefined, finalizer: string): object is Cached<KubernetesObject> {
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}
