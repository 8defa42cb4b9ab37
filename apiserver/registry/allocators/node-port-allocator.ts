/** Gives Services their ports on the nodes, that of the health check among them. */

import { randomInt } from 'node:crypto';
import { hasNodePorts, needsHealthCheckPort } from '../../../api/services.ts';
import { internalError } from '../../../api/status-error.ts';
import type { Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldPath } from '../../../machinery/field-errors.ts';
import type { Store } from '../../store/store.ts';
import { AllocationTable } from './allocation-table.ts';
import type { Allocation, ServiceAllocations } from './service-allocations.ts';
import { allocatesNodePorts } from './service-needs.ts';

export interface NodePortAllocatorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

type ReadSpec = DeepReadonly<ServiceSpec>;

/** A port that is asked for: what the Service has already, and how it is told that it cannot have this one. */
interface GivenPort {
  readonly held: ReadonlySet<string>;
  /** Two ports of the Service may be the same one on the nodes. */
  readonly isShared: boolean;
  refusal(why: string): Error;
}

const portsPath = FieldPath.of('spec', 'ports');

export class NodePortAllocator {
  readonly table: AllocationTable;
  readonly #range: NodePortAllocatorOptions['nodePorts'];

  constructor({ store, clock, nodePorts }: NodePortAllocatorOptions) {
    this.#range = nodePorts;
    this.table = new AllocationTable({
      store,
      clock,
      prefix: '/registry/longshore.dev/node-ports/',
      // It is asked about JSON of Services.
      isUsed: (service, port) => portsOf((service as Service).spec ?? {}).includes(port),
    });
  }

  /** Those that a Service holds. */
  heldBy(spec: ReadSpec): Allocation[] {
    return portsOf(spec).map((value) => ({ table: this.table, value }));
  }

  /** Fills in ports, and allocates those that are asked for; throws Invalid for one that cannot be had. */
  async allocate(next: ServiceSpec, previous: ReadSpec | undefined, allocations: ServiceAllocations): Promise<void> {
    await this.#allocatePorts(next, previous, allocations);
    await this.#allocateHealthCheckPort(next, previous, allocations);
  }

  /**
   * Ports of one number, for instance of TCP and of UDP, get one port on the nodes when they are made together: a port
   * on the nodes is the Service's for all protocols.
   */
  async #allocatePorts(
    next: ServiceSpec,
    previous: ReadSpec | undefined,
    allocations: ServiceAllocations,
  ): Promise<void> {
    if (!hasNodePorts(next)) return;
    const ports = next.ports ?? [];
    const held = new Set(previous ? portsOf(previous) : []);
    const byPort = new Map<number, number>();
    for (const [index, port] of ports.entries()) {
      if (!port.nodePort && !allocatesNodePorts(next)) continue;
      const same = previous === undefined ? byPort.get(port.port) : undefined;
      const asked = previous === undefined ? ports.find((one) => one.port === port.port && one.nodePort) : port;
      const wanted = port.nodePort || same || asked?.nodePort;
      if (!wanted) port.nodePort = await this.#allocateNext(allocations);
      else {
        port.nodePort = wanted;
        const path = portsPath.index(index).child('nodePort');
        const refusal = (why: string) => allocations.refusal(path, wanted, why);
        const isShared = previous !== undefined;
        if (wanted !== same) await this.#allocateGiven(wanted, { held, isShared, refusal }, allocations);
      }
      byPort.set(port.port, port.nodePort);
    }
  }

  async #allocateHealthCheckPort(
    next: ServiceSpec,
    previous: ReadSpec | undefined,
    allocations: ServiceAllocations,
  ): Promise<void> {
    if (!needsHealthCheckPort(next) || (previous && needsHealthCheckPort(previous))) return;
    const port = next.healthCheckNodePort;
    if (!port) {
      next.healthCheckNodePort = await this.#allocateNext(allocations);
      return;
    }
    // Upstream's own answer: it is nobody's field there.
    const refusal = (why: string) => internalError(`failed to allocate requested HealthCheck NodePort ${port}: ${why}`);
    await this.#allocateGiven(port, { held: new Set(), isShared: false, refusal }, allocations);
  }

  async #allocateGiven(
    port: number,
    { held, isShared, refusal }: GivenPort,
    allocations: ServiceAllocations,
  ): Promise<void> {
    const { first, last } = this.#range;
    const value = String(port);
    if (held.has(value) || (isShared && allocations.has(this.table, value))) return;
    // A dry run asks only what is taken.
    if ((port < first || port > last) && !allocations.dryRun) {
      throw refusal(`provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
    }
    if (!(await allocations.allocate(this.table, value))) throw refusal('provided port is already allocated');
  }

  async #allocateNext(allocations: ServiceAllocations): Promise<number> {
    const { first, last } = this.#range;
    const reserved = Math.min(128, Math.floor((last - first + 1) / 32));
    const port = await allocations.allocateNext({
      table: this.table,
      what: 'node port',
      guess: () => String(randomInt(first + reserved, last + 1)),
      all: () => Array.from({ length: last - first + 1 }, (_, index) => String(last - index)),
    });
    return Number(port);
  }
}

/** The ports on the nodes that a Service holds, each once. */
function portsOf(spec: ReadSpec): string[] {
  if (!hasNodePorts(spec)) return [];
  // Of a port that is not needed any more the field may still tell: nobody holds it.
  const health = needsHealthCheckPort(spec) ? spec.healthCheckNodePort : undefined;
  const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), health];
  return [...new Set(ports.flatMap((port) => (port ? [String(port)] : [])))];
}
