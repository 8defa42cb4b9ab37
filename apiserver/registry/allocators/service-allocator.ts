/** Gives Services their cluster IPs and node ports around the store's transaction, and takes them back. */

import type { Stored } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import { needsHealthCheckPort } from '../../../api/services.ts';
import type { Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Logger } from '../../../base/logger.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import type { Store } from '../../store/store.ts';
import { type AllocationTransaction, type Allocator, orRollBack } from '../allocator.ts';
import { decodeObject, storeKey, storePrefix } from '../storage-format.ts';
import type { Holder, Repaired } from './allocation-table.ts';
import { ClusterIpAllocator, type ClusterIpAllocatorOptions } from './cluster-ip-allocator.ts';
import { NodePortAllocator, type NodePortAllocatorOptions } from './node-port-allocator.ts';
import { type Allocation, ServiceAllocations } from './service-allocations.ts';
import { alignClusterIps, completeFamilies, keepAllocated } from './service-needs.ts';

type StoredService = Stored<Service>;
type ReadService = DeepReadonly<StoredService>;

export interface ServiceAllocatorOptions extends ClusterIpAllocatorOptions, NodePortAllocatorOptions {
  readonly logger: Logger;
}

/** Services that a repair reads at a time. */
const repairPage = 500;

export class ServiceAllocator implements Allocator {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #clusterIps: ClusterIpAllocator;
  readonly #nodePorts: NodePortAllocator;

  constructor(options: ServiceAllocatorOptions) {
    this.#store = options.store;
    this.#logger = options.logger;
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
    const rollback = () => this.#giveBack(() => allocations.rollback());
    const dropped = await orRollBack({ rollback }, async () => {
      await this.#clusterIps.allocate(spec, previous, allocations);
      await this.#nodePorts.allocate(spec, previous, allocations);
      const kept = new Set(this.#heldBy(spec).map(({ value }) => value));
      // As they are before the write: a later write of the Service that wants them back is not to lose them.
      return await allocations.known(previous ? this.#heldBy(previous).filter(({ value }) => !kept.has(value)) : []);
    });
    return { commit: () => this.#giveBack(() => allocations.release(dropped)), rollback };
  }

  async release(object: DeepReadonly<Stored>): Promise<void> {
    const service = asService(object);
    const allocations = new ServiceAllocations(service, false);
    await this.#giveBack(async () => allocations.release(await allocations.known(this.#heldBy(service.spec ?? {}))));
  }

  /** Makes the tables say what the Services say: what was left over is free again, and what is used is held. */
  async repair(): Promise<readonly Repaired[]> {
    const tables = [this.#clusterIps.table, this.#nodePorts.table];
    // Before the Services: what is allocated meanwhile is not judged.
    const entries = await Promise.all(tables.map((table) => table.entries()));
    const used = new Map(tables.map((table) => [table, new Map<string, Holder>()]));
    for await (const service of this.#storedServices()) {
      const holder = { serviceKey: storeKey(services, service.metadata), uid: service.metadata.uid };
      for (const { table, value } of this.#heldBy(service.spec ?? {})) used.get(table)?.set(value, holder);
    }
    return await Promise.all(
      tables.map((table, index) => table.repair(entries[index] ?? [], used.get(table) ?? new Map())),
    );
  }

  async *#storedServices(): AsyncGenerator<ReadService> {
    let after = '';
    for (let remaining = 1; remaining > 0; ) {
      const page = await this.#store.list({ prefix: storePrefix(services), after, limit: repairPage });
      for (const entry of page.entries) yield asService(decodeObject(entry));
      after = page.entries.at(-1)?.key ?? after;
      remaining = page.remaining;
    }
  }

  /** Whatever has been written is done, whether or not this works: what is left over is repaired later. */
  async #giveBack(release: () => Promise<void>): Promise<void> {
    try {
      await release();
    } catch (error) {
      this.#logger.warn('Allocations of a Service could not be given back: they are left to the repair', { error });
    }
  }

  #heldBy(spec: DeepReadonly<ServiceSpec>): Allocation[] {
    return [...this.#clusterIps.heldBy(spec), ...this.#nodePorts.heldBy(spec)];
  }
}

/** The registry brings Services only, and under their prefix lies nothing else. */
const asService = (object: DeepReadonly<Stored>): ReadService => object as ReadService;

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
