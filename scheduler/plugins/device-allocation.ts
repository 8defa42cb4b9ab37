/**
 * Which devices the claims of one pod get on one node: a search over requests, alternatives and devices that takes the
 * first way in which all fit. Pure; the search is bounded.
 */

import { toleratesTaint } from '../../api/taints.ts';
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceRequestAllocationResult,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
} from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import { qualifiedAttribute, selectsDevice } from '../../machinery/cel/device-selector.ts';
import type { NodeInfo } from '../node-info.ts';
import { type Capacities, remainingCounters, shareOf, takeCounters } from './device-capacity.ts';
import type { DeviceLedger } from './device-ledger.ts';
import type { DevicePool, DevicePools, PublishedDevice } from './device-pools.ts';

type Claim = Cached<ResourceClaim>;
type Request = DeepReadonly<DeviceRequest>;
type Wish = DeepReadonly<Omit<ExactDeviceRequest, 'adminAccess'> & { adminAccess?: boolean }>;

export interface DeviceWorld {
  readonly pools: DevicePools;
  readonly ledger: Pick<DeviceLedger, 'given'>;
  classOf(name: string): Cached<DeviceClass> | undefined;
}

/** By the order of the claims. */
export type Allocations = readonly DeepReadonly<AllocationResult>[];

/** Upstream's bound for one claim. */
const maxResults = 32;
/** Devices that are tried on one node before the search gives up. */
const maxTries = 20_000;

export const cannotAllocate = 'cannot allocate all claims';
export const triedTooLong = 'timed out trying to allocate devices';

/** A text: why not, in upstream's words. Throws `CelError` for a selector that cannot be evaluated. */
export function allocateDevices(claims: readonly Claim[], node: NodeInfo, world: DeviceWorld): Allocations | string {
  const search = new Search(claims, node, world);
  if (search.find()) return search.allocations();
  return search.isOver ? triedTooLong : cannotAllocate;
}

interface Chosen {
  readonly claim: number;
  readonly request: string;
  readonly wish: Wish;
  readonly published: PublishedDevice;
  /** Present: a share of the device, which consumes so much of it. */
  readonly share: Capacities | undefined;
}

/** One request of one claim, as it is gone about: an exact one has one alternative. */
interface Step {
  readonly claim: number;
  readonly request: Request;
  readonly alternatives: readonly { readonly name: string; readonly wish: Wish }[];
}

class Search {
  readonly #claims: readonly Claim[];
  readonly #node: NodeInfo;
  readonly #world: DeviceWorld;
  readonly #pools: readonly (DevicePool & { readonly reached: readonly PublishedDevice[] })[];
  readonly #steps: readonly Step[];
  readonly #chosen: Chosen[] = [];
  /** Pool → set → what is left of each counter. */
  readonly #counters = new Map<string, Map<string, Map<string, bigint>>>();
  #tries = 0;

  constructor(claims: readonly Claim[], node: NodeInfo, world: DeviceWorld) {
    this.#claims = claims;
    this.#node = node;
    this.#world = world;
    this.#pools = [...world.pools.reachedFrom(node)];
    this.#steps = claims.flatMap((claim, index) =>
      (claim.spec.devices?.requests ?? []).map((request) => stepOf(request, index)),
    );
    for (const pool of this.#pools)
      if (pool.counters.size > 0) this.#counters.set(poolKey(pool), remainingCounters(pool, world.ledger));
  }

  get isOver(): boolean {
    return this.#tries > maxTries;
  }

  find(): boolean {
    return this.#request(0);
  }

  allocations(): Allocations {
    return this.#claims.map((claim, index) => this.#allocationOf(claim, index));
  }

  #request(index: number): boolean {
    const step = this.#steps[index];
    if (step === undefined) return true;
    for (const { name, wish } of step.alternatives) {
      if (this.isOver) return false;
      const candidates = this.#candidates(wish);
      const all = wish.allocationMode === 'All';
      if (all && (candidates.length === 0 || !this.#isComplete())) continue;
      const left = all ? candidates.length : (wish.count ?? 1);
      const isTooMany = this.#chosen.filter(({ claim }) => claim === step.claim).length + left > maxResults;
      if (isTooMany) continue;
      if (this.#devices({ step, name, wish, candidates, all, index }, 0, left)) return true;
    }
    return false;
  }

  /** Of several equal devices the earlier one first, so that no choice is tried in another order. */
  #devices(attempt: Attempt, from: number, left: number): boolean {
    if (left === 0) return this.#request(attempt.index + 1);
    const { candidates, all } = attempt;
    const end = all ? from + 1 : candidates.length;
    for (let at = from; at < end; at++) {
      const published = candidates[at];
      if (published === undefined || ++this.#tries > maxTries) return false;
      const undo = this.#take(attempt, published);
      if (undo === undefined) continue;
      const isShared = published.device.allowMultipleAllocations === true && !all;
      if (this.#devices(attempt, isShared ? at : at + 1, left - 1)) return true;
      undo();
    }
    return false;
  }

  /** Undefined: it is not to be had. */
  #take({ step, name, wish }: Attempt, published: PublishedDevice): (() => void) | undefined {
    const { device, id } = published;
    const taints = (device.taints ?? []).filter(({ effect }) => effect !== 'None');
    if (taints.some((taint) => !wish.tolerations?.some((one) => toleratesTaint(one, taint)))) return undefined;
    const isAdmin = wish.adminAccess === true;
    const share = this.#shareOf(published, wish);
    if (share === 'none') return undefined;
    const given = this.#world.ledger.given(id);
    const isHere = this.#chosen.some((one) => one.published.id === id && one.wish.adminAccess !== true);
    const isTaken = share === undefined ? given.users > 0 || isHere : given.users > given.shares.length;
    if (isTaken && !isAdmin) return undefined;
    const chosen: Chosen = { claim: step.claim, request: name, wish, published, share };
    if (!this.#isConsistent(chosen, step)) return undefined;
    // Its counters are consumed once, by whoever is its first user.
    const isFirst = given.users === 0 && !isHere && !isAdmin;
    const giveBack = isFirst ? takeCounters(device, this.#counters.get(poolKeyOf(published))) : () => {};
    if (giveBack === undefined) return undefined;
    this.#chosen.push(chosen);
    return () => {
      this.#chosen.pop();
      giveBack();
    };
  }

  #shareOf({ device, id }: PublishedDevice, wish: Wish): Capacities | undefined | 'none' {
    const here = this.#chosen.flatMap(({ published, share }) => (published.id === id && share ? [share] : []));
    const shares = wish.adminAccess === true ? [] : [...this.#world.ledger.given(id).shares, ...here];
    return shareOf(device, wish.capacity?.requests ?? {}, shares);
  }

  #candidates(wish: Wish): PublishedDevice[] {
    const selectors = [
      ...(this.#world.classOf(wish.deviceClassName)?.spec.selectors ?? []),
      ...(wish.selectors ?? []),
    ].map(({ cel }) => cel?.expression ?? 'true');
    const isWanted = ({ device, driver }: PublishedDevice): boolean =>
      selectors.every((expression) => selectsDevice(expression, device, driver));
    return this.#pools.flatMap(({ state, reached }) => (state === 'ready' ? reached.filter(isWanted) : []));
  }

  /** Only then is it known what all devices are. */
  #isComplete(): boolean {
    return this.#pools.every(({ state }) => state === 'ready');
  }

  #isConsistent(chosen: Chosen, step: Step): boolean {
    const constraints = this.#claims[step.claim]?.spec.devices?.constraints ?? [];
    return constraints.every((constraint) => {
      if (!concerns(constraint, chosen.request)) return true;
      const others = this.#chosen.filter(
        ({ claim, request }) => claim === chosen.claim && concerns(constraint, request),
      );
      return isMet(constraint, chosen.published, others);
    });
  }

  #allocationOf(claim: Claim, index: number): DeepReadonly<AllocationResult> {
    const chosen = this.#chosen.filter((one) => one.claim === index);
    const nodeSelector = this.#nodeSelectorOf(chosen);
    const config = this.#configOf(claim, chosen);
    return {
      devices: { results: chosen.map(resultOf), ...(config.length > 0 && { config }) },
      ...(nodeSelector && { nodeSelector }),
    };
  }

  #configOf(claim: Claim, chosen: readonly Chosen[]): DeepReadonly<DeviceAllocationConfiguration>[] {
    const classOfRequest = new Map(chosen.map(({ request, wish }) => [request, wish.deviceClassName]));
    const fromClasses = [...classOfRequest].flatMap(([request, className]) =>
      (this.#world.classOf(className)?.spec.config ?? []).map((config) => ({
        ...{ source: 'FromClass', requests: [request] },
        ...config,
      })),
    );
    const fromClaim = (claim.spec.devices?.config ?? [])
      .filter(({ requests = [] }) => requests.length === 0 || chosen.some(({ request }) => isNamed(requests, request)))
      .map((config) => ({ source: 'FromClaim', ...config }));
    return [...fromClasses, ...fromClaim];
  }

  /** A device of one node ties the claim to it; one of several nodes to whatever these have in common. */
  #nodeSelectorOf(chosen: readonly Chosen[]): DeepReadonly<AllocationResult>['nodeSelector'] | undefined {
    const reaches = chosen.map(({ published }) => published.reach);
    if (reaches.some(({ nodeName, allNodes }) => nodeName && allNodes !== true)) {
      const name = { key: 'metadata.name', operator: 'In', values: [this.#node.name] };
      return { nodeSelectorTerms: [{ matchFields: [name] }] };
    }
    const terms = reaches.flatMap(({ nodeSelector, allNodes }) =>
      allNodes === true ? [] : (nodeSelector?.nodeSelectorTerms.slice(0, 1) ?? []),
    );
    if (terms.length === 0) return undefined;
    const matchExpressions = uniqueJson(terms.flatMap((term) => term.matchExpressions ?? []));
    const matchFields = uniqueJson(terms.flatMap((term) => term.matchFields ?? []));
    return {
      nodeSelectorTerms: [
        { ...(matchExpressions.length > 0 && { matchExpressions }), ...(matchFields.length > 0 && { matchFields }) },
      ],
    };
  }
}

interface Attempt {
  readonly step: Step;
  readonly name: string;
  readonly wish: Wish;
  readonly candidates: readonly PublishedDevice[];
  readonly all: boolean;
  readonly index: number;
}

const poolKey = ({ driver, name }: DevicePool): string => `${driver}/${name}`;
const poolKeyOf = ({ driver, pool }: PublishedDevice): string => `${driver}/${pool}`;

function stepOf(request: Request, claim: number): Step {
  const { name, exactly, firstAvailable = [] } = request;
  const subRequest = (wish: DeepReadonly<DeviceSubRequest>) => ({ name: `${name}/${wish.name}`, wish });
  return { claim, request, alternatives: exactly ? [{ name, wish: exactly }] : firstAvailable.map(subRequest) };
}

/** `request` stands for all its alternatives; `request/alternative` for one. */
const isNamed = (names: readonly string[], request: string): boolean =>
  names.includes(request) || names.includes(request.split('/')[0] ?? '');

const concerns = ({ requests = [] }: DeepReadonly<DeviceConstraint>, request: string): boolean =>
  requests.length === 0 || isNamed(requests, request);

function isMet(
  { matchAttribute, distinctAttribute }: DeepReadonly<DeviceConstraint>,
  published: PublishedDevice,
  others: readonly Chosen[],
): boolean {
  const attribute = matchAttribute ?? distinctAttribute ?? '';
  const value = attributeText(published, attribute);
  if (value === undefined) return false;
  if (matchAttribute !== undefined) {
    const [first] = others;
    return first === undefined || attributeText(first.published, attribute) === value;
  }
  return others.every((other) => attributeText(other.published, attribute) !== value);
}

function attributeText({ device, driver }: PublishedDevice, wanted: string): string | undefined {
  for (const [name, attribute] of Object.entries(device.attributes ?? {}))
    if (qualifiedAttribute(name, driver) === wanted) return JSON.stringify(attribute);
  return undefined;
}

function resultOf({ request, wish, published, share }: Chosen): DeepReadonly<DeviceRequestAllocationResult> {
  const { driver, pool, device } = published;
  return {
    ...{ request, driver, pool, device: device.name },
    ...(wish.adminAccess === true && { adminAccess: true }),
    ...(wish.tolerations && wish.tolerations.length > 0 && { tolerations: wish.tolerations }),
    // Which share it is, gets its name when it is written.
    ...(share && { consumedCapacity: share }),
    ...(device.bindingConditions && { bindingConditions: device.bindingConditions }),
    ...(device.bindingFailureConditions && { bindingFailureConditions: device.bindingFailureConditions }),
  };
}

function uniqueJson<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
