/** What is to be done for a claim that asks for more than it has. Pure. */

import { own } from '../../api/json-record.ts';
import { compareQuantities } from '../../api/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import { requestOf } from '../../api/volumes/volume-matching.ts';
import type { Cached } from '../../client/object-cache.ts';

export type ExpansionPlan =
  | { readonly type: 'none' }
  /** The volume has no size of its own: it is what is written of it. */
  | { readonly type: 'grow'; readonly size: string }
  | { readonly type: 'tell'; readonly eventType: 'Normal' | 'Warning'; readonly message: string };

const none: ExpansionPlan = { type: 'none' };

export interface ExpansionQuestion {
  readonly claim: Cached<PersistentVolumeClaim>;
  readonly volume: Cached<PersistentVolume> | undefined;
  /** Whether the local provisioner made the volume. */
  readonly isLocal: boolean;
}

export function planExpansion({ claim, volume, isLocal }: ExpansionQuestion): ExpansionPlan {
  const isBound = claim.status?.phase === 'Bound' && volume?.spec?.claimRef?.uid === claim.metadata.uid;
  if (!isBound || volume === undefined) return none;
  const size = requestOf(claim);
  if (compareQuantities(size, own(claim.status?.capacity ?? {}, 'storage') ?? '0') <= 0) return none;
  if (isLocal) return { type: 'grow', size };
  if (volume.spec?.csi !== undefined)
    return { type: 'tell', eventType: 'Normal', message: 'waiting for an external controller to expand this PVC' };
  const message =
    "Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC.";
  return { type: 'tell', eventType: 'Warning', message };
}
