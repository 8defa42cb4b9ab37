/** Gives Services their cluster IPs. */

import { randomInt } from 'node:crypto';
import { isHeadless, needsClusterIp } from '../../../api/services.ts';
import type { Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldPath } from '../../../machinery/field-errors.ts';
import type { Store } from '../../store/store.ts';
import { type AddressRange, addressNumber } from './address-range.ts';
import { AllocationTable } from './allocation-table.ts';
import type { Allocation, ServiceAllocations } from './service-allocations.ts';

export interface ClusterIpAllocatorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly addresses: AddressRange;
}

type ReadSpec = DeepReadonly<ServiceSpec>;

const path = FieldPath.of('spec', 'clusterIPs');

export class ClusterIpAllocator {
  readonly table: AllocationTable;
  readonly #addresses: AddressRange;

  constructor({ store, clock, addresses }: ClusterIpAllocatorOptions) {
    this.#addresses = addresses;
    this.table = new AllocationTable({
      store,
      clock,
      prefix: '/registry/longshore.dev/cluster-ips/',
      // It is asked about JSON of Services.
      isUsed: (service, address) => (service as Service).spec?.clusterIPs?.includes(address) ?? false,
    });
  }

  /** Those of our range that a Service holds. */
  heldBy(spec: ReadSpec): Allocation[] {
    if (!needsClusterIp(spec)) return [];
    return (spec.clusterIPs ?? [])
      .filter((address) => this.#addresses.contains(address))
      .map((value) => ({ table: this.table, value }));
  }

  /** Fills in an address, or allocates the one that is asked for; throws Invalid when that cannot be had. */
  async allocate(next: ServiceSpec, previous: ReadSpec | undefined, allocations: ServiceAllocations): Promise<void> {
    if (!needsClusterIp(next) || isHeadless(next)) return;
    if (!next.clusterIP && next.clusterIPs?.length) return; // validation says what is wrong with that
    if (!next.clusterIP) {
      const address = await this.#allocateNext(allocations);
      next.clusterIP = address;
      next.clusterIPs = [address];
      return;
    }
    const isHeld = previous?.clusterIPs?.includes(next.clusterIP) && needsClusterIp(previous);
    const isOdd =
      next.clusterIPs?.length !== 1 ||
      next.clusterIPs[0] !== next.clusterIP ||
      addressNumber(next.clusterIP) === undefined;
    // An address never changes while the Service needs one: validation refuses that, nothing is to be allocated.
    const isChange = previous?.clusterIP !== undefined && previous.clusterIP !== '' && needsClusterIp(previous);
    if (isHeld || isOdd || isChange) return;
    await this.#allocateGiven(next.clusterIP, next.clusterIPs ?? [], allocations);
  }

  async #allocateGiven(address: string, shown: readonly string[], allocations: ServiceAllocations): Promise<void> {
    const refusal = (why: string) => allocations.refusal(path, shown, `failed to allocate IP ${address}: ${why}`);
    if (!this.#addresses.contains(address)) {
      throw refusal(
        `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.#addresses.cidr}`,
      );
    }
    // Of addresses a dry run asks only whether they can be had at all.
    if (allocations.dryRun) return;
    if (!(await allocations.allocate(this.table, address))) throw refusal('provided IP is already allocated');
  }

  async #allocateNext(allocations: ServiceAllocations): Promise<string> {
    const addresses = this.#addresses;
    const { size, reserved } = addresses;
    return await allocations.allocateNext({
      table: this.table,
      what: 'cluster IP',
      guess: () => addresses.at(size > reserved ? randomInt(reserved, size) : randomInt(size)),
      all: () => Array.from({ length: size }, (_, index) => addresses.at((index + reserved) % size)),
    });
  }
}
