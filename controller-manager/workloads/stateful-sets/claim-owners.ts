/**
 * Who owns the claims of a StatefulSet, by its retention policy: what an owner reference says is deleted with its owner.
 * Pure.
 *
 * | whenDeleted | whenScaled | pod in range | pod scaled down |
 * |-------------|------------|--------------|-----------------|
 * | Retain      | Retain     | nobody       | nobody          |
 * | Delete      | Retain     | the set      | the set         |
 * | Retain      | Delete     | nobody       | its pod         |
 * | Delete      | Delete     | the set      | its pod         |
 *
 * A claim that somebody else controls is left to them.
 */

import { equalJson } from '../../../api/json-record.ts';
import type { StatefulSet } from '../../../api/types/apps/v1.ts';
import type { PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import type { OwnerReference } from '../../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { controllerReference } from '../ownership.ts';
import { isInRange } from './identity.ts';

type Reference = DeepReadonly<OwnerReference>;

export interface ClaimUser {
  readonly set: Cached<StatefulSet>;
  readonly ordinal: number;
  /** Undefined: it is not made yet. */
  readonly pod: Cached<Pod> | undefined;
}

/** The owner references that the claim should have; undefined when it has them. */
export function computeClaimOwners(
  claim: Cached<PersistentVolumeClaim>,
  { set, ordinal, pod }: ClaimUser,
): Reference[] | undefined {
  const references = claim.metadata.ownerReferences ?? [];
  const podName = `${set.metadata.name}-${ordinal}`;
  const isOurs = (reference: Reference) =>
    (reference.kind === 'StatefulSet' && reference.name === set.metadata.name && isOfApps(reference)) ||
    (reference.kind === 'Pod' && reference.name === podName);
  const others = references.filter((reference) => !isOurs(reference));
  const owner = others.some(({ controller }) => controller) ? undefined : ownerOf({ set, ordinal, pod });
  const wanted = owner === undefined ? others : [...others, controllerReference(owner)];
  return equalJson(wanted, references) ? undefined : wanted;
}

const isOfApps = ({ apiVersion }: Reference): boolean => apiVersion.startsWith('apps/');

function ownerOf({ set, ordinal, pod }: ClaimUser): Cached<StatefulSet> | Cached<Pod> | undefined {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled === 'Delete' && !isInRange(set, ordinal)) return pod;
  return whenDeleted === 'Delete' ? set : undefined;
}

/** Of an earlier pod of this name: the garbage collector is about to delete it, and a new pod must not use it. */
export function isStaleClaim(claim: Cached<PersistentVolumeClaim>, podName: string): boolean {
  return (claim.metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Pod' && name === podName);
}
