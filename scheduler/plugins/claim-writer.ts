/**
 * Writes what was decided of device claims: allocation and reservation, and takes them back. Each write is of the version
 * that was read; who loses a race reads again and looks whether the decision still holds.
 */

import { deleteProtection } from '../../api/devices/claims.ts';
import { keyOf } from '../../api/object.ts';
import { resourceClaims } from '../../api/resources/resource.ts';
import { isConflict, isRetryable } from '../../api/status-error.ts';
import type { AllocationResult, ResourceClaim } from '../../api/types/resource/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Reader, Writer } from '../../client/client.ts';
import type { PodInfo } from '../pod-info.ts';
import type { DeviceLedger } from './device-ledger.ts';
import { type DeviceClaim, isReservedFor } from './pod-device-claims.ts';

export interface ClaimWriterOptions {
  readonly client: Pick<Reader & Writer, 'get' | 'update'>;
  readonly clock: Clock;
  readonly ledger?: DeviceLedger;
}

const maxAttempts = 5;
const askAgainMs = 1_000;

export class ClaimWriter {
  readonly #client: ClaimWriterOptions['client'];
  readonly #clock: Clock;
  readonly #ledger: DeviceLedger | undefined;

  constructor({ client, clock, ledger }: ClaimWriterOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#ledger = ledger;
  }

  /** Rejects when the claim is not as it was when this was decided, or cannot be written. */
  async reserve(
    claim: DeviceClaim,
    pod: PodInfo,
    allocation: AllocationResult | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#change(claim, async (latest) => {
      if (latest.metadata.deletionTimestamp !== undefined)
        throw new Error(`claim ${keyOf(latest)} got deleted in the meantime`);
      if (isReservedFor(latest, pod.uid)) return latest;
      if (allocation === undefined && latest.status?.allocation === undefined)
        throw new Error(`claim ${keyOf(latest)} got deallocated in the meantime`);
      if (allocation !== undefined && latest.status?.allocation !== undefined)
        throw new Error(`claim ${keyOf(latest)} got allocated elsewhere in the meantime`);
      return await this.#writeReservation(latest, pod, allocation, signal);
    });
  }

  /** The pod does not need it after all. What nobody else has reserved is free again. */
  async release(claim: DeviceClaim, pod: PodInfo): Promise<void> {
    await this.#change(await this.#get(claim), async (latest) => {
      if (!isReservedFor(latest, pod.uid)) return latest;
      const reservedFor = (latest.status?.reservedFor ?? []).filter(({ uid }) => uid !== pod.uid);
      const { allocation, ...rest } = latest.status ?? {};
      const isKept = reservedFor.length > 0 || claim.status?.allocation !== undefined;
      const status = { ...rest, reservedFor, ...(isKept && allocation && { allocation }) };
      return await this.#updateStatus(changedCopy<ResourceClaim>(latest, { status }));
    });
  }

  async deallocate(claim: DeviceClaim): Promise<void> {
    const { allocation: _, reservedFor: __, ...status } = claim.status ?? {};
    this.#ledger?.written(await this.#updateStatus(changedCopy<ResourceClaim>(claim, { status })));
  }

  async #writeReservation(
    claim: DeviceClaim,
    pod: PodInfo,
    allocation: AllocationResult | undefined,
    signal: AbortSignal,
  ): Promise<DeviceClaim> {
    const { finalizers = [] } = claim.metadata;
    let latest = claim;
    if (allocation !== undefined && !finalizers.includes(deleteProtection)) {
      const metadata = { ...claim.metadata, finalizers: [...finalizers, deleteProtection] };
      latest = await this.#client.update(resourceClaims, changedCopy<ResourceClaim>(claim, { metadata }));
    }
    const consumer = { resource: 'pods', name: pod.pod.metadata.name, uid: pod.uid };
    const status = {
      ...latest.status,
      ...(allocation && { allocation }),
      reservedFor: [...(latest.status?.reservedFor ?? []), consumer],
    };
    try {
      return await this.#updateStatus(changedCopy<ResourceClaim>(latest, { status }));
    } catch (error) {
      if (isRetryable(error) && !isConflict(error)) await this.#findOut(latest, signal);
      throw error;
    }
  }

  /** Nobody knows whether the write went through: until that is known the devices count as given out. */
  async #findOut(claim: DeviceClaim, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#ledger?.written(await this.#get(claim));
        return;
      } catch (error) {
        if (!isRetryable(error)) return;
      }
      await this.#clock.sleep(askAgainMs, signal);
    }
  }

  async #change(claim: DeviceClaim, write: (latest: DeviceClaim) => Promise<DeviceClaim>): Promise<void> {
    let latest = claim;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#ledger?.written(await write(latest));
        return;
      } catch (error) {
        if (!isConflict(error) || attempt >= maxAttempts) throw error;
        latest = await this.#get(claim);
      }
    }
  }

  async #get(claim: DeviceClaim): Promise<DeviceClaim> {
    const { namespace = '', name, uid } = claim.metadata;
    const latest = await this.#client.get(resourceClaims, { namespace, name });
    if (latest.metadata.uid !== uid) throw new Error(`claim ${namespace}/${name} was replaced in the meantime`);
    return latest;
  }

  #updateStatus(claim: ResourceClaim): Promise<DeviceClaim> {
    return this.#client.update(resourceClaims, claim, { subresource: 'status' });
  }
}
