/** Gives Services their cluster IPs and node ports around the store's transaction, and takes them back. */

import { randomInt } from 'node:crypto';
import type { Service, ServiceSpec } from 'kubernetes-types/core/v1';
import { services } from '../../../api/core/service.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../api/field-errors.ts';
import type { Stored } from '../../../api/object.ts';
import { serviceUnavailable } from '../../../api/status-error.ts';
import type { Clock } from '../../../base/clock.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Store } from '../../store/store.ts';
import { storeKey } from '../storage-format.ts';
import type { Reservation, StorageHooks } from '../storage-hooks.ts';
import { type AddressRange, addressNumber } from './address-range.ts';
import { type Claimant, Claims } from './claims.ts';
import {
  alignClusterIps,
  completeFamilies,
  isHeadless,
  keepAllocated,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
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
    this.#checkFamilies(next);
    const work = new Work(next, dryRun);
    try {
      await this.#claimAddress(next.spec, previous?.spec, work);
      completeFamilies(next.spec);
      await this.#claimPorts(next.spec, previous?.spec, work);
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

  /** Only IPv4 addresses are given out; what cannot be had is said before anything is claimed. */
  #checkFamilies({ spec: wanted, metadata }: StoredService): void {
    if (wanted === undefined || !needsClusterIp(wanted)) return;
    const isOpen = isHeadless(wanted) && Object.keys(wanted.selector ?? {}).length === 0;
    if (isOpen) return;
    const errors = new FieldErrors();
    if (wanted.ipFamilyPolicy === 'RequireDualStack') {
      errors.invalid(
        spec.child('ipFamilyPolicy'),
        'RequireDualStack',
        'this cluster is not configured for dual-stack services',
      );
    }
    for (const [index, family] of (wanted.ipFamilies ?? []).entries()) {
      if (family === 'IPv6')
        errors.invalid(spec.child('ipFamilies').index(index), family, 'not configured on this cluster');
    }
    if (!errors.empty) throw invalidObject(services, metadata.name, errors.list);
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
    if (!(await work.claim(this.#ips, address))) throw refuse('provided IP is already allocated');
  }

  async #freeAddress(work: Work): Promise<string> {
    const { addresses } = this.#options;
    const { size, reserved } = addresses;
    const guess = () => addresses.at(size > reserved ? randomInt(reserved, size) : randomInt(size));
    const all = () => Array.from({ length: size }, (_, index) => addresses.at((index + reserved) % size));
    return await claimAny(this.#ips, guess, all, work, 'cluster IP');
  }

  async #claimPorts(next: ServiceSpec, previous: DeepReadonly<ServiceSpec> | undefined, work: Work): Promise<void> {
    const held = new Set(previous ? portThings(previous) : []);
    if (next.type === 'NodePort' || next.type === 'LoadBalancer') {
      for (const [index, port] of (next.ports ?? []).entries()) {
        const protocol = port.protocol ?? 'TCP';
        if (port.nodePort) {
          const path = spec.child('ports').index(index).child('nodePort');
          await this.#claimGivenPort(port.nodePort, protocol, held, work, path);
        } else if (needsNodePort(next)) port.nodePort = await this.#freePort(protocol, work);
      }
    }
    if (!needsHealthCheckPort(next)) return;
    if (next.healthCheckNodePort) {
      await this.#claimGivenPort(next.healthCheckNodePort, 'TCP', held, work, spec.child('healthCheckNodePort'));
    } else next.healthCheckNodePort = await this.#freePort('TCP', work);
  }

  async #claimGivenPort(port: number, protocol: string, held: Set<string>, work: Work, path: FieldPath): Promise<void> {
    const { first, last } = this.#options.nodePorts;
    const thing = portThing(protocol, port);
    if (held.delete(thing)) return;
    if (port < first || port > last) {
      throw work.refuse(
        path,
        port,
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      );
    }
    if (!(await work.claim(this.#ports, thing))) throw work.refuse(path, port, 'provided port is already allocated');
  }

  async #freePort(protocol: string, work: Work): Promise<number> {
    const { first, last } = this.#options.nodePorts;
    const reserved = Math.min(128, Math.floor((last - first + 1) / 32));
    const guess = () => portThing(protocol, randomInt(first + reserved, last + 1));
    const all = () => Array.from({ length: last - first + 1 }, (_, index) => portThing(protocol, last - index));
    const thing = await claimAny(this.#ports, guess, all, work, 'node port');
    return Number(thing.split('/')[1]);
  }
}

const portThing = (protocol: string, port: number): string => `${protocol.toLowerCase()}/${port}`;

function portThings({ type, ports = [], healthCheckNodePort }: DeepReadonly<ServiceSpec>): string[] {
  if (type !== 'NodePort' && type !== 'LoadBalancer') return [];
  return [
    ...ports.flatMap(({ nodePort, protocol = 'TCP' }) => (nodePort ? [portThing(protocol, nodePort)] : [])),
    ...(healthCheckNodePort ? [portThing('TCP', healthCheckNodePort)] : []),
  ];
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
  readonly #dryRun: boolean;
  readonly #claimed: Held[] = [];

  constructor({ metadata }: ReadService, dryRun: boolean) {
    this.#claimant = { serviceKey: storeKey(services, metadata), uid: metadata.uid };
    this.#name = metadata.name;
    this.#dryRun = dryRun;
  }

  async claim(claims: Claims, thing: string): Promise<boolean> {
    // One service may not have a port twice either, although its own claim would let it pass.
    if (this.#claimed.some((held) => held.claims === claims && held.thing === thing)) return false;
    const isOurs = this.#dryRun ? await claims.isFree(thing) : await claims.claim(thing, this.#claimant);
    if (isOurs) this.#claimed.push({ claims, thing });
    return isOurs;
  }

  async rollback(): Promise<void> {
    await this.releaseAll(this.#claimed);
  }

  async releaseAll(things: readonly Held[]): Promise<void> {
    if (this.#dryRun) return;
    for (const { claims, thing } of things) await claims.release(thing, this.#claimant);
  }

  refuse(path: FieldPath, value: unknown, why: string) {
    const errors = new FieldErrors();
    errors.invalid(path, value, why);
    return invalidObject(services, this.#name, errors.list);
  }
}
