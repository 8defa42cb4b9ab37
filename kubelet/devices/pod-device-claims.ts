/** The device claims of a pod as its node finds them: whether it may use them, and what they gave it. In upstream's words. Pure. */

import { kubeletDriver } from '../../api/devices/claims.ts';
import { goQuote } from '../../api/go-text.ts';
import { keyOf } from '../../api/object.ts';
import type { PodResourceClaim } from '../../api/types/core/v1.ts';
import type { DeviceRequestAllocationResult, ResourceClaim } from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import type { NodeDevice } from './node-device.ts';

/** Why a pod does not get its devices; users read the message. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/** One device, or a share of one, that a claim has. */
export interface ClaimedDevice {
  /** The request of the claim that asked for it. */
  readonly request: string;
  readonly device: NodeDevice;
  /** Of a shared device: how much of each of its capacities. */
  readonly share: Readonly<Record<string, string>>;
}

/** Undefined: the claim is meant to be none. Throws `DeviceError` while it is not made yet. */
export function claimNameOf(pod: PodObject, entry: DeepReadonly<PodResourceClaim>): string | undefined {
  if (entry.resourceClaimName !== undefined) return entry.resourceClaimName;
  const made = pod.status?.resourceClaimStatuses?.find(({ name }) => name === entry.name);
  if (made === undefined) throw new DeviceError(`pod ${goQuote(keyOf(pod))}: ResourceClaim not created yet`);
  return made.resourceClaimName;
}

export interface ClaimQuestion {
  readonly pod: PodObject;
  readonly entry: DeepReadonly<PodResourceClaim>;
  readonly claim: Cached<ResourceClaim>;
  readonly nodeName: string;
  readonly devices: readonly NodeDevice[];
}

/** Throws `DeviceError` when the pod may not use the claim, or when this node does not have what was given to it. */
export function claimedDevicesOf({ pod, entry, claim, nodeName, devices }: ClaimQuestion): ClaimedDevice[] {
  const { uid, name } = pod.metadata;
  const { metadata, status } = claim;
  const isOwner = metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid);
  if (entry.resourceClaimName === undefined && !isOwner)
    throw new DeviceError(`ResourceClaim ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`);
  if (!status?.reservedFor?.some((consumer) => consumer.uid === uid))
    throw new DeviceError(
      `pod ${name} (${uid}) is not allowed to use ResourceClaim ${metadata.name} (${metadata.uid})`,
    );
  if (status.allocation === undefined) throw new DeviceError(`ResourceClaim ${metadata.name}: not allocated`);
  return (status.allocation.devices?.results ?? []).map((result) => {
    if (result.driver !== kubeletDriver) throw new DeviceError(`DRA driver ${result.driver} is not registered`);
    const device = result.pool === nodeName ? devices.find((one) => one.name === result.device) : undefined;
    if (device === undefined)
      throw new DeviceError(
        `NodePrepareResources failed for ResourceClaim ${metadata.name}: device ${result.pool}/${result.device} is not on this node`,
      );
    return { request: result.request, device, share: shareOf(result) };
  });
}

const shareOf = ({ consumedCapacity = {} }: DeepReadonly<DeviceRequestAllocationResult>): Record<string, string> =>
  Object.fromEntries(Object.entries(consumedCapacity).map(([name, amount]) => [name, String(amount)]));

/** Those that the container names, by the whole claim or one request of it. */
export function devicesOfContainer(
  { resources }: ContainerSpec,
  byEntry: ReadonlyMap<string, readonly ClaimedDevice[]>,
): ClaimedDevice[] {
  const named = (resources?.claims ?? []).flatMap(({ name, request = '' }) =>
    // An alternative of a request is named behind a slash.
    (byEntry.get(name) ?? []).filter((one) => request === '' || one.request.split('/')[0] === request),
  );
  return [...new Set(named)];
}
