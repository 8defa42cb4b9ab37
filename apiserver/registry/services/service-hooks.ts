/** Gives Services their cluster IPs and node ports around the store's transaction, and takes them back. */

import { randomInt } from 'node:crypto';
import type { Stored } from '../../../api/object.ts';
import { services } from '../../../api/resources/core.ts';
import { internalError, serviceUnavailable } from '../../../api/status-error.ts';
import type { Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import type { Store } from '../../store/store.ts';
import { storeKey } from '../storage-format.ts';
import type { Reservation, StorageHooks } from '../storage-hooks.ts';
import { type AddressRange, addressNumber } from './address-range.ts';
import { type Claimant, Claims } from './claims.ts';
import {
  alignClusterIps,
  allocatesNodePorts,
  completeFamilies,
  hasNodePorts,
  isHeadless,
  keepAllocated,
  needsClusterIp,
  needsHealthCheckPort,
} from './service-needs.ts';

export interface ServiceHooksOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly addresses: AddressRange;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

/** A thing that a Service holds: which kind, and its name among the claims. */
interface Held {
  readonly claims: Claims;
  readonly thing: string;
}

type StoredService = Stored<Service>;
type ReadService = DeepReadonly<StoredService>;

/** Guesses before the whole range is looked at. */
const randomAttempts = 8;
const spec = FieldPath.of('spec');

export class ServiceHooks implements StorageHooks {
  readonly #options: ServiceHooksOptions;
  readonly #ips: Claims;
  readonly #ports: Claims;

  constructor(options: ServiceHooksOptions) {
    this.#options = options;
    const { store, clock } = options;
    this.#ips = new Claims({
      store,
      clock,
      prefix: '/registry/longshore.dev/cluster-ips/',
      isUsed: (service, thing) => (service as Service).spec?.clusterIPs?.includes(thing) ?? false,
    });
    this.#ports = new Claims({
      store,
      clock,
      prefix: '/registry/longshore.dev/node-ports/',
      isUsed: (service, thing) => portThings((service as Service).spec ?? {}).includes(thing),
    });
  }

  async reserve(object: Stored, before: DeepReadonly<Stored> | undefined, dryRun: boolean): Promise<Reservation> {
    const next = object as StoredService;
    const previous = before as ReadService | undefined;
    if (next.spec === undefined) return nothing;
    if (previous?.spec) keepAllocated(next.spec, previous.spec);
    alignClusterIps(next.spec, previous?.spec);
    if (previous?.spec) refuseOtherHealthCheckPort(next, previous);
    completeAddresses(next, previous?.spec);
    const work = new Work(next, dryRun);
    try {
      await this.#claimAddress(next.spec, previous?.spec, work);
      await this.#claimPorts(next.spec, previous?.spec, work);
      await this.#claimHealthCheckPort(next.spec, previous?.spec, work);
    } catch (error) {
      await work.rollback();
      throw error;
    }
    const kept = new Set(this.#heldBy(next.spec).map(({ thing }) => thing));
    const dropped = previous?.spec ? this.#heldBy(previous.spec).filter(({ thing }) => !kept.has(thing)) : [];
    return {
      commit: () => work.releaseAll(dropped),
      rollback: () => work.rollback(),
    };
  }

  async release(object: DeepReadonly<Stored>): Promise<void> {
    const service = object as ReadService;
    if (service.spec) await new Work(service, false).releaseAll(this.#heldBy(service.spec));
  }

  #heldBy(held: DeepReadonly<ServiceSpec>): Held[] {
    const ips = (needsClusterIp(held) ? (held.clusterIPs ?? []) : []).filter((ip) =>
      this.#options.addresses.contains(ip),
    );
    return [
      ...ips.map((thing) => ({ claims: this.#ips, thing })),
      ...portThings(held).map((thing) => ({ claims: this.#ports, thing })),
    ];
  }

  async #claimAddress(next: ServiceSpec, previous: DeepReadonly<ServiceSpec> | undefined, work: Work): Promise<void> {
    if (!needsClusterIp(next) || isHeadless(next)) return;
    if (!next.clusterIP && next.clusterIPs?.length) return; // validation says what is wrong with that
    if (!next.clusterIP) {
      const address = await this.#freeAddress(work);
      next.clusterIP = address;
      next.clusterIPs = [address];
      return;
    }
    const isHeld = previous?.clusterIPs?.includes(next.clusterIP) && needsClusterIp(previous);
    const isOdd =
      next.clusterIPs?.length !== 1 ||
      next.clusterIPs[0] !== next.clusterIP ||
      addressNumber(next.clusterIP) === undefined;
    // An address never changes while the Service needs one: validation refuses that, nothing is to be claimed.
    const isChange = previous?.clusterIP !== undefined && previous.clusterIP !== '' && needsClusterIp(previous);
    if (isHeld || isOdd || isChange) return;
    await this.#claimGivenAddress(next.clusterIP, next.clusterIPs ?? [], work);
  }

  async #claimGivenAddress(address: string, shown: readonly string[], work: Work): Promise<void> {
    const { addresses } = this.#options;
    const refuse = (why: string) =>
      work.refuse(spec.child('clusterIPs'), shown, `failed to allocate IP ${address}: ${why}`);
    if (!addresses.contains(address)) {
      throw refuse(
        `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${addresses.cidr}`,
      );
    }
    // Of addresses a dry run asks only whether they can be had at all.
    if (work.dryRun) return;
    if (!(await work.claim(this.#ips, address))) throw refuse('provided IP is already allocated');
  }

  async #freeAddress(work: Work): Promise<string> {
    const { addresses } = this.#options;
    const { size, reserved } = addresses;
    const guess = () => addresses.at(size > reserved ? randomInt(reserved, size) : randomInt(size));
    const all = () => Array.from({ length: size }, (_, index) => addresses.at((index + reserved) % size));
    return await claimAny(this.#ips, guess, all, work, 'cluster IP');
  }

  /**
   * Ports of one number, for instance of TCP and of UDP, get one port on the nodes when they are made together: a port
   * on the nodes is the Service's for all protocols.
   */
  async #claimPorts(next: ServiceSpec, previous: DeepReadonly<ServiceSpec> | undefined, work: Work): Promise<void> {
    if (!hasNodePorts(next)) return;
    const ports = next.ports ?? [];
    const held = new Set(previous ? portThings(previous) : []);
    const byPort = new Map<number, number>();
    for (const [index, port] of ports.entries()) {
      if (!port.nodePort && !allocatesNodePorts(next)) continue;
      const same = previous === undefined ? byPort.get(port.port) : undefined;
      const asked = previous === undefined ? ports.find((one) => one.port === port.port && one.nodePort) : port;
      const wanted = port.nodePort || same || asked?.nodePort;
      if (!wanted) port.nodePort = await this.#freePort(work);
      else {
        port.nodePort = wanted;
        const path = spec.child('ports').index(index).child('nodePort');
        const refuse = (why: string) => work.refuse(path, wanted, why);
        const isShared = previous !== undefined;
        if (wanted !== same) await this.#claimGivenPort(wanted, { held, isShared, refuse }, work);
      }
      byPort.set(port.port, port.nodePort);
    }
  }

  async #claimHealthCheckPort(
    next: ServiceSpec,
    previous: DeepReadonly<ServiceSpec> | undefined,
    work: Work,
  ): Promise<void> {
    if (!needsHealthCheckPort(next) || (previous && needsHealthCheckPort(previous))) return;
    const port = next.healthCheckNodePort;
    if (!port) next.healthCheckNodePort = await this.#freePort(work);
    else {
      // Upstream's own answer: it is nobody's field there.
      const refuse = (why: string) =>
        internalError(`failed to allocate requested HealthCheck NodePort ${port}: ${why}`);
      await this.#claimGivenPort(port, { held: new Set(), isShared: false, refuse }, work);
    }
  }

  async #claimGivenPort(
    port: number,
    { held, isShared, refuse }: { held: ReadonlySet<string>; isShared: boolean; refuse: (why: string) => Error },
    work: Work,
  ): Promise<void> {
    const { first, last } = this.#options.nodePorts;
    const thing = String(port);
    if (held.has(thing) || (isShared && work.has(this.#ports, thing))) return;
    // A dry run asks only what is taken.
    if ((port < first || port > last) && !work.dryRun) {
      throw refuse(`provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
    }
    if (!(await work.claim(this.#ports, thing))) throw refuse('provided port is already allocated');
  }

  async #freePort(work: Work): Promise<number> {
    const { first, last } = this.#options.nodePorts;
    const reserved = Math.min(128, Math.floor((last - first + 1) / 32));
    const guess = () => String(randomInt(first + reserved, last + 1));
    const all = () => Array.from({ length: last - first + 1 }, (_, index) => String(last - index));
    return Number(await claimAny(this.#ports, guess, all, work, 'node port'));
  }
}

/** The ports on the nodes that a Service holds, each once. */
function portThings(held: DeepReadonly<ServiceSpec>): string[] {
  if (!hasNodePorts(held)) return [];
  // Of a port that is not needed any more the field may still tell: nobody holds it.
  const health = needsHealthCheckPort(held) ? held.healthCheckNodePort : undefined;
  const ports = [...(held.ports ?? []).map(({ nodePort }) => nodePort), health];
  return [...new Set(ports.flatMap((port) => (port ? [String(port)] : [])))];
}

/** Says what is wrong with addresses and families before anything is claimed, and fills in the families. */
function completeAddresses({ spec: wanted, metadata }: StoredService, previous?: DeepReadonly<ServiceSpec>): void {
  if (wanted === undefined) return;
  const errors = new FieldErrors();
  completeFamilies(wanted, previous, errors);
  if (!errors.empty) throw invalidObject(services, metadata.name, errors.list);
}

function refuseOtherHealthCheckPort({ spec: wanted = {}, metadata }: StoredService, { spec: before }: ReadService) {
  if (!before || !needsHealthCheckPort(wanted) || !needsHealthCheckPort(before)) return;
  if ((wanted.healthCheckNodePort ?? 0) === (before.healthCheckNodePort ?? 0)) return;
  const errors = new FieldErrors();
  errors.forbidden(spec.child('healthCheckNodePort'), 'field is immutable');
  throw invalidObject(services, metadata.name, errors.list);
}

const nothing: Reservation = { commit: async () => {}, rollback: async () => {} };

/** Some guesses, then everything that is free, in order. */
async function claimAny(
  claims: Claims,
  guess: () => string,
  all: () => string[],
  work: Work,
  what: string,
): Promise<string> {
  for (let attempt = 0; attempt < randomAttempts; attempt += 1) {
    const thing = guess();
    if (await work.claim(claims, thing)) return thing;
  }
  const claimed = await claims.claimed();
  for (const thing of all()) {
    if (!claimed.has(thing) && (await work.claim(claims, thing))) return thing;
  }
  throw serviceUnavailable(`no ${what} is free: the range is full`);
}

/** What one write has claimed so far. */
class Work {
  readonly #claimant: Claimant;
  readonly #name: string;
  readonly dryRun: boolean;
  readonly #claimed: Held[] = [];

  constructor({ metadata }: ReadService, dryRun: boolean) {
    this.#claimant = { serviceKey: storeKey(services, metadata), uid: metadata.uid };
    this.#name = metadata.name;
    this.dryRun = dryRun;
  }

  has(claims: Claims, thing: string): boolean {
    return this.#claimed.some((held) => held.claims === claims && held.thing === thing);
  }

  async claim(claims: Claims, thing: string): Promise<boolean> {
    // What it has just been given is taken, although its own claim would let it pass.
    if (this.has(claims, thing)) return false;
    const isOurs = this.dryRun ? await claims.isFree(thing) : await claims.claim(thing, this.#claimant);
    if (isOurs) this.#claimed.push({ claims, thing });
    return isOurs;
  }

  async rollback(): Promise<void> {
    await this.releaseAll(this.#claimed);
  }

  async releaseAll(things: readonly Held[]): Promise<void> {
    if (this.dryRun) return;
    for (const { claims, thing } of things) await claims.release(thing, this.#claimant);
  }

  refuse(path: FieldPath, value: unknown, why: string) {
    const errors = new FieldErrors();
    errors.invalid(path, value, why);
    return invalidObject(services, this.#name, errors.list);
  }
}
