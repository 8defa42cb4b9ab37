/**
 * Which devices are given out: what the claims say, and what was decided and does not show there yet. One for all
 * profiles, so that no two of them give away the same device.
 *
 * Invariants:
 * - What is pending counts until it is known whether it was written.
 * - News that are older than what this scheduler has written itself change nothing.
 */

import type { AllocationResult, ResourceClaim } from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import { deviceId } from './device-pools.ts';

type Allocation = DeepReadonly<AllocationResult>;

export interface GivenOut {
  /** By how many claims, those with administrative access not counted. */
  readonly users: number;
  /** Shared: how much of each capacity is consumed, one entry for each share. */
  readonly shares: readonly Readonly<Record<string, string>>[];
}

interface Entry {
  readonly allocation: Allocation | undefined;
  readonly version: bigint;
  readonly isPending: boolean;
}

const nothing: GivenOut = { users: 0, shares: [] };

export class DeviceLedger {
  /** By uid of the claim. */
  readonly #entries = new Map<string, Entry>();
  readonly #given = new Map<string, GivenOut>();

  claimChanged({ previous, next }: ObjectChange<ResourceClaim>): void {
    if (previous !== undefined && previous.metadata.uid !== next?.metadata.uid)
      this.#set(previous.metadata.uid, undefined);
    if (next !== undefined) this.#see(next);
  }

  /** What the API server answered to a write of ours. */
  written(claim: Cached<ResourceClaim>): void {
    const entry = this.#entries.get(claim.metadata.uid);
    if (entry?.isPending) this.#set(claim.metadata.uid, undefined);
    this.#see(claim);
  }

  /** Decided, and not written yet. */
  assume(uid: string, allocation: Allocation): void {
    const version = this.#entries.get(uid)?.version ?? 0n;
    this.#set(uid, { allocation, version, isPending: true });
  }

  /** It will not be written, or was not. */
  forget(uid: string): void {
    if (this.#entries.get(uid)?.isPending) this.#set(uid, undefined);
  }

  isPending(uid: string): boolean {
    return this.#entries.get(uid)?.isPending ?? false;
  }

  given(device: string): GivenOut {
    return this.#given.get(device) ?? nothing;
  }

  #see({ metadata, status }: Cached<ResourceClaim>): void {
    const known = this.#entries.get(metadata.uid);
    const version = BigInt(metadata.resourceVersion);
    if (known !== undefined && known.version > version) return;
    // Until it is known what became of it, what was decided counts: but for a claim that is allocated meanwhile.
    if (known?.isPending && status?.allocation === undefined) return;
    this.#set(metadata.uid, { allocation: status?.allocation, version, isPending: false });
  }

  #set(uid: string, entry: Entry | undefined): void {
    this.#count(this.#entries.get(uid)?.allocation, -1);
    this.#count(entry?.allocation, 1);
    if (entry === undefined) this.#entries.delete(uid);
    else this.#entries.set(uid, entry);
  }

  #count(allocation: Allocation | undefined, factor: 1 | -1): void {
    for (const { driver, pool, device, adminAccess, shareID, consumedCapacity } of allocation?.devices?.results ?? []) {
      if (adminAccess === true) continue;
      const id = deviceId(driver, pool, device);
      const { users, shares } = this.given(id);
      const share = shareID === undefined ? undefined : capacitiesOf(consumedCapacity);
      const left = share === undefined ? shares : factor === 1 ? [...shares, share] : withoutOne(shares, share);
      if (users + factor === 0) this.#given.delete(id);
      else this.#given.set(id, { users: users + factor, shares: left });
    }
  }
}

const capacitiesOf = (consumed: DeepReadonly<Record<string, string | number>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(consumed).map(([name, value]) => [name, String(value)]));

function withoutOne(
  shares: readonly Readonly<Record<string, string>>[],
  share: Readonly<Record<string, string>>,
): readonly Readonly<Record<string, string>>[] {
  const index = shares.findIndex((one) => JSON.stringify(one) === JSON.stringify(share));
  return shares.filter((_, position) => position !== index);
}
