/** Gives Services their cluster IPs and node ports around the store's transaction, and takes them back. */

import type { Stored } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import type { Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { type AllocationTransaction, type Allocator, orRollBack } from '../allocator.ts';
import { ClusterIpAllocator, type ClusterIpAllocatorOptions } from './cluster-ip-allocator.ts';
import { NodePortAllocator, type NodePortAllocatorOptions } from './node-port-allocator.ts';
import { type Allocation, ServiceAllocations } from './service-allocations.ts';
import { alignClusterIps, completeFamilies, keepAllocated, needsHealthCheckPort } from './service-needs.ts';

type StoredService = Stored<Service>;
type ReadService = DeepReadonly<StoredService>;

export class ServiceAllocator implements Allocator {
  readonly #clusterIps: ClusterIpAllocator;
  readonly #nodePorts: NodePortAllocator;

  constructor(options: ClusterIpAllocatorOptions & NodePortAllocatorOptions) {
    this.#clusterIps = new ClusterIpAllocator(options);
    this.#nodePorts = new NodePortAllocator(options);
  }

  async allocate(
    object: Stored,
    before: DeepReadonly<Stored> | undefined,
    dryRun: boolean,
  ): Promise<AllocationTransaction> {
    // The registry asks this allocator about Services only.
    const next = object as StoredService;
    const { spec } = next;
    const previous = (before as ReadService | undefined)?.spec;
    if (spec === undefined) return nothing;
    if (previous) keepAllocated(spec, previous);
    alignClusterIps(spec, previous);
    if (previous) refuseOtherHealthCheckPort(next, previous);
    completeAddresses(next, previous);
    const allocations = new ServiceAllocations(next, dryRun);
    await orRollBack(allocations, async () => {
      await this.#clusterIps.allocate(spec, previous, allocations);
      await this.#nodePorts.allocate(spec, previous, allocations);
    });
    const kept = new Set(this.#heldBy(spec).map(({ value }) => value));
    const dropped = previous ? this.#heldBy(previous).filter(({ value }) => !kept.has(value)) : [];
    return {
      commit: () => allocations.release(dropped),
      rollback: () => allocations.rollback(),
    };
  }

  async release(object: DeepReadonly<Stored>): Promise<void> {
    // As above.
    const service = object as ReadService;
    if (service.spec) await new ServiceAllocations(service, false).release(this.#heldBy(service.spec));
  }

  #heldBy(spec: DeepReadonly<ServiceSpec>): Allocation[] {
    return [...this.#clusterIps.heldBy(spec), ...this.#nodePorts.heldBy(spec)];
  }
}

/** Says what is wrong with addresses and families before anything is allocated, and fills in the families. */
function completeAddresses({ spec, metadata }: StoredService, previous?: DeepReadonly<ServiceSpec>): void {
  if (spec === undefined) return;
  const errors = new FieldErrors();
  completeFamilies(spec, previous, errors);
  if (!errors.empty) throw invalidObject(services, metadata.name, errors.list);
}

function refuseOtherHealthCheckPort({ spec = {}, metadata }: StoredService, before: DeepReadonly<ServiceSpec>): void {
  if (!needsHealthCheckPort(spec) || !needsHealthCheckPort(before)) return;
  if ((spec.healthCheckNodePort ?? 0) === (before.healthCheckNodePort ?? 0)) return;
  const errors = new FieldErrors();
  errors.forbidden(FieldPath.of('spec', 'healthCheckNodePort'), 'field is immutable');
  throw invalidObject(services, metadata.name, errors.list);
}

const nothing: AllocationTransaction = { commit: async () => {}, rollback: async () => {} };
