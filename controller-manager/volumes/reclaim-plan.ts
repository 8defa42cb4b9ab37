/** What is to happen to a volume whose claim is gone. Pure. */

import { own } from '../../api/json-record.ts';
import type { PersistentVolume } from '../../api/types/core/v1.ts';
import { migratedTo, provisionedBy } from '../../api/volumes/annotations.ts';
import type { Cached } from '../../client/object-cache.ts';

export type ReclaimPlan =
  /** Nothing, or nothing of ours: who provisioned the volume deletes it. */
  { readonly type: 'leave' } | { readonly type: 'failed' | 'tell'; readonly reason: string; readonly message: string };

/** Volumes that nobody provisioned are never wiped: what lies in them was there before Longshore. */
export function planReclaim({ metadata, spec }: Cached<PersistentVolume>): ReclaimPlan {
  const annotations = metadata.annotations ?? {};
  if (own(annotations, migratedTo)) return { type: 'leave' };
  switch (spec?.persistentVolumeReclaimPolicy ?? 'Retain') {
    case 'Retain':
      return { type: 'leave' };
    case 'Delete':
      return planDeletion(metadata.name, own(annotations, provisionedBy) ?? '', spec);
    case 'Recycle':
      return planRecycling(spec);
    default:
      return failed('VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy');
  }
}

/** Upstream wipes these by a pod; here they stay as they were released. */
function planRecycling(spec: Cached<PersistentVolume>['spec']): ReclaimPlan {
  if (spec?.hostPath === undefined && spec?.nfs === undefined)
    return failed('VolumeFailedRecycle', 'No recycler plugin found for the volume!');
  const message = 'Longshore recycles no volumes: remove what lies in it, then spec.claimRef';
  return { type: 'tell', reason: 'VolumeFailedRecycle', message };
}

function planDeletion(name: string, provisioner: string, spec: Cached<PersistentVolume>['spec']): ReclaimPlan {
  if (provisioner.startsWith('kubernetes.io/'))
    return failed('VolumeFailedDelete', `no deletable volume plugin matched name: ${provisioner}`);
  // Drivers come with somebody who deletes their volumes.
  if (provisioner !== '' || spec?.csi !== undefined) return { type: 'leave' };
  const path = spec?.hostPath?.path;
  if (path?.startsWith('/tmp/'))
    return failed('VolumeFailedDelete', `hostPath volumes are left as they are: remove ${path} yourself`);
  if (path !== undefined)
    return failed('VolumeFailedDelete', `host_path deleter only supports /tmp/.+ but received provided ${path}`);
  const message = `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`;
  return failed('VolumeFailedDelete', message);
}

const failed = (reason: string, message: string): ReclaimPlan => ({ type: 'failed', reason, message });
