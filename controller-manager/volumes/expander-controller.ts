/** Lets claims grow: those of the local provisioner at once, and says of the others who is waited for. */

import { own } from '../../api/json-record.ts';
import { keyOf } from '../../api/object.ts';
import { compareQuantities } from '../../api/quantity.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import { provisionedBy } from '../../api/volumes/annotations.ts';
import { localProvisioner } from '../../api/volumes/local-volumes.ts';
import { capacityOf } from '../../api/volumes/volume-matching.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ControllerContext } from '../controller-context.ts';
import { planExpansion } from './expander-plan.ts';

export function createExpanderController({ client, informers, events, controller }: ControllerContext): Controller {
  const claims = informers.of<PersistentVolumeClaim>(persistentVolumeClaims);
  const volumes = informers.of<PersistentVolume>(persistentVolumes);
  const recorder = events.from('volume_expand');
  /** By claim: what it was told last. */
  const told = new Map<string, string>();

  async function reconcile(key: string) {
    const claim = claims.get(key);
    const volume = claim?.spec?.volumeName ? volumes.get(claim.spec.volumeName) : undefined;
    if (claim === undefined) told.delete(key);
    if (claim === undefined || volume === undefined) return {};
    const isLocal = own(volume.metadata.annotations ?? {}, provisionedBy) === localProvisioner;
    const plan = planExpansion({ claim, volume, isLocal });
    if (plan.type === 'grow') await grow(claim, volume, plan.size);
    else if (plan.type === 'tell') tell(claim, plan.eventType, plan.message);
    else told.delete(key);
    return {};
  }

  function tell(claim: Cached<PersistentVolumeClaim>, type: 'Normal' | 'Warning', message: string): void {
    const text = `${claim.metadata.uid} ${claim.spec?.resources?.requests?.storage} ${message}`;
    if (told.get(keyOf(claim)) === text) return;
    told.set(keyOf(claim), text);
    recorder.record(claim, { type, reason: 'ExternalExpanding', message });
  }

  /** The volume first: the claim says only what is so. */
  async function grow(claim: Cached<PersistentVolumeClaim>, volume: Cached<PersistentVolume>, storage: string) {
    if (compareQuantities(capacityOf(volume), storage) < 0) {
      const { name, resourceVersion } = volume.metadata;
      const body = { metadata: { resourceVersion }, spec: { capacity: { storage } } };
      await client.patch(persistentVolumes, { name }, { type: 'merge', body });
    }
    const { namespace, name, resourceVersion } = claim.metadata;
    const body = { metadata: { resourceVersion }, status: { capacity: { storage } } };
    await client.patch(persistentVolumeClaims, { namespace, name }, { type: 'merge', body }, { subresource: 'status' });
    recorder.record(claim, {
      type: 'Normal',
      reason: 'VolumeResizeSuccessful',
      message: `Resize volume succeeded for volume ${volume.metadata.name}`,
    });
  }

  return controller({ reconciler: { reconcile }, workers: 1 })
    .watch(claims, keyOfChange)
    .watch(volumes, ({ previous, next }) => {
      const ref = (next ?? previous).spec?.claimRef;
      return ref === undefined ? [] : [`${ref.namespace}/${ref.name}`];
    });
}
