/**
 * Lets claims, volumes and classes of attributes go that somebody deleted, once nothing uses them: admission gave each of
 * them a finalizer that holds it until then.
 */

import type { PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1';
import { persistentVolumes, volumeProtection } from '../api/core/persistent-volume.ts';
import { claimProtection, persistentVolumeClaims } from '../api/core/persistent-volume-claim.ts';
import { pods } from '../api/core/pod.ts';
import type { Kind } from '../api/kind.ts';
import { type KubernetesObject, type ObjectKey, parseKey } from '../api/object.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import { attributesClassProtection, volumeAttributesClasses } from '../api/storage/volume-attributes-class.ts';
import type { Client } from '../client/client.ts';
import { type Controller, keyOfChange } from '../client/controller.ts';
import type { Cached } from '../client/object-cache.ts';
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
    await release<PersistentVolumeClaim>(client, persistentVolumeClaims, parseKey(key), claimProtection);
    return {};
  }
  const loop = controller({ name: 'persistentvolumeclaim-protection', reconciler: { reconcile }, workers: 2 });
  if (claims) loop.watch(claims, keyOfChange);
  return loop.watch(informers.pods, ({ previous }) => (previous ? claimsHeldBy(previous) : []));
}

export function createVolumeProtectionLoop({ client, informers, controller }: LoopContext): Controller {
  const volumes = informers.all.get(persistentVolumes);
  async function reconcile(name: string) {
    if (!isHeld(volumes?.get(name), volumeProtection)) return {};
    await release<PersistentVolume>(
      client,
      persistentVolumes,
      { name },
      volumeProtection,
      ({ status }) => status?.phase !== 'Bound',
    );
    return {};
  }
  const loop = controller({ name: 'persistentvolume-protection', reconciler: { reconcile }, workers: 1 });
  return volumes ? loop.watch(volumes, keyOfChange) : loop;
}

export function createAttributesClassProtectionLoop({ client, informers, controller }: LoopContext): Controller {
  const classes = informers.all.get(volumeAttributesClasses);
  async function reconcile(name: string) {
    if (!isHeld(classes?.get(name), attributesClassProtection)) return {};
    const { items: volumes } = await client.list<PersistentVolume>(persistentVolumes);
    if (volumes.some(({ spec }) => spec?.volumeAttributesClassName === name)) return {};
    const { items: claims } = await client.list<PersistentVolumeClaim>(persistentVolumeClaims);
    if (claims.some((claim) => attributesClassesOf(claim).includes(name))) return {};
    await release<KubernetesObject>(client, volumeAttributesClasses, { name }, attributesClassProtection);
    return {};
  }
  const loop = controller({ name: 'volumeattributesclass-protection', reconciler: { reconcile }, workers: 1 });
  if (classes) loop.watch(classes, keyOfChange);
  // Only the metadata of volumes and claims is in memory: whatever happens to one may be what a held class waits for.
  const held = () => [...(classes?.list() ?? [])].filter((one) => isHeld(one, attributesClassProtection));
  for (const kind of [persistentVolumes, persistentVolumeClaims]) {
    const users = informers.all.get(kind as Kind);
    if (users) loop.watch(users, ({ type }) => (type === 'added' ? [] : held().map(({ metadata }) => metadata.name)));
  }
  return loop;
}

/** Of a claim: the one it wants, the one it has, and the one it is on its way to. */
function attributesClassesOf({ spec, status }: PersistentVolumeClaim): (string | undefined)[] {
  return [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
}

function isHeld(object: Cached<KubernetesObject> | undefined, finalizer: string): boolean {
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}

/** Takes the finalizer from the version just read; another writer, or the object gone, means: nothing to do here. */
async function release<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  key: ObjectKey,
  finalizer: string,
  mayGo: (object: T) => boolean = () => true,
): Promise<void> {
  try {
    const object = await client.get(kind, key);
    if (!mayGo(object)) return;
    const { resourceVersion, finalizers = [] } = object.metadata;
    const metadata = { resourceVersion, finalizers: finalizers.filter((one) => one !== finalizer) };
    await client.patch(kind, key, { type: 'merge', body: { metadata } });
  } catch (error) {
    // Whoever wrote meanwhile made a change that comes back here.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
