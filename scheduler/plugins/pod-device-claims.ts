/** The device claims of a pod as the scheduler finds them, or why it cannot be placed because of one, in upstream's words. */

import { goQuote } from '../../api/go-text.ts';
import { keyOf } from '../../api/object.ts';
import type { ResourceClaim } from '../../api/types/resource/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Devices } from './devices.ts';

export type DeviceClaim = Cached<ResourceClaim>;

/** Upstream's bound for `reservedFor`. */
const maxConsumers = 256;

/** A text: what is wrong with one. Those that are meant to be none (their status says so) are left out. */
export function deviceClaimsOf({ pod, key, namespace, uid }: PodInfo, devices: Devices): DeviceClaim[] | string {
  const made = new Map((pod.status?.resourceClaimStatuses ?? []).map((one) => [one.name, one]));
  const found: DeviceClaim[] = [];
  for (const { name, resourceClaimName } of pod.spec.resourceClaims ?? []) {
    const status = made.get(name);
    if (resourceClaimName === undefined && status === undefined)
      return `pod ${goQuote(key)}: ResourceClaim not created yet`;
    const claimName = resourceClaimName ?? status?.resourceClaimName;
    if (claimName === undefined) continue;
    const claim = devices.claim(`${namespace}/${claimName}`);
    if (claim === undefined) return `resourceclaim ${goQuote(claimName)} not found`;
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim ${goQuote(claimName)} is being deleted`;
    if (resourceClaimName === undefined && !isOwnedBy(claim, uid))
      return `ResourceClaim ${keyOf(claim)} was not created for pod ${key} (pod is not owner)`;
    if (!found.includes(claim)) found.push(claim);
  }
  return found;
}

const isOwnedBy = ({ metadata }: DeviceClaim, uid: string): boolean =>
  (metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === uid);

export const isReservedFor = ({ status }: Pick<DeviceClaim, 'status'>, uid: string): boolean =>
  (status?.reservedFor ?? []).some((consumer) => consumer.uid === uid);

/** Why the claim keeps the pod waiting, whatever the node. */
export function whyWaiting(claim: DeviceClaim, pod: PodInfo, devices: Devices): string | undefined {
  const { status, spec, metadata } = claim;
  // Given out by this scheduler, or just being so: it shows in a moment.
  if (devices.ledger.isPending(metadata.uid))
    return `resource claim ${keyOf(claim)} is in the process of being allocated`;
  if (status?.allocation !== undefined) {
    const isFull = (status.reservedFor ?? []).length >= maxConsumers;
    return isFull && !isReservedFor(claim, pod.uid) ? 'resourceclaim in use' : undefined;
  }
  for (const { name, exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const wishes = [
      ...(exactly ? [{ ...exactly, name }] : []),
      ...firstAvailable.map((one) => ({ ...one, name: `${name}/${one.name}` })),
    ];
    for (const wish of wishes) {
      if (devices.classOf(wish.deviceClassName) === undefined)
        return `request ${wish.name}: device class ${wish.deviceClassName} does not exist`;
    }
  }
  return undefined;
}
