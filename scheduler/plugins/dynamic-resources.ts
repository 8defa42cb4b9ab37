/**
 * Gives devices to the claims of pods (structured allocation of resource.k8s.io/v1), and runs pods where their devices
 * are:
 *
 *   filter: is there a way on this node? → reserve: this way, spoken for → pre-bind: written into the claims' status
 *                                                          └─ the attempt fails: given back, also what was written
 */

import { randomUUID } from 'node:crypto';
import { matchesTerm } from '../../api/node-selection.ts';
import type { AllocationResult } from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Logger } from '../../base/logger.ts';
import { sentAsIs } from '../../client/changed-copy.ts';
import { CelError } from '../../machinery/cel/cel-error.ts';
import type {
  FilterPlugin,
  NodeFilter,
  PostFilterPlugin,
  PostFilterResult,
  PreBindPlugin,
  Refusal,
  Refused,
  ReservePlugin,
} from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { ClaimWriter, type ClaimWriterOptions } from './claim-writer.ts';
import { allocateDevices } from './device-allocation.ts';
import type { Devices } from './devices.ts';
import { type DeviceClaim, deviceClaimsOf, isReservedFor, whyWaiting } from './pod-device-claims.ts';

const name = 'DynamicResources';
const refused = (reason: string): Refusal => ({ plugin: name, reasons: [reason], resolvable: false });
const elsewhere = refused('resourceclaim not available on the node');

export interface DynamicResourcesOptions extends Omit<ClaimWriterOptions, 'ledger'> {
  readonly devices: Devices;
  readonly logger: Logger;
}

/** What one pod is about to get. */
interface Decided {
  readonly claim: DeviceClaim;
  /** Absent: the claim has its devices. */
  readonly allocation?: AllocationResult;
  /** Something was written, or may have been. */
  isSent: boolean;
}

export class DynamicResources implements FilterPlugin, PostFilterPlugin, ReservePlugin, PreBindPlugin {
  readonly name = name;
  readonly scope = 'cluster';
  readonly eventsToRegister = ['node added', 'node labels', 'devices'] as const;
  readonly #devices: Devices;
  readonly #logger: Logger;
  readonly #writer: ClaimWriter;
  readonly #decided = new WeakMap<PodInfo, readonly Decided[]>();
  readonly #returns = new Set<Promise<void>>();

  constructor({ devices, logger, ...options }: DynamicResourcesOptions) {
    this.#devices = devices;
    this.#logger = logger;
    this.#writer = new ClaimWriter({ ...options, ledger: devices.ledger });
  }

  prepareFilter(pod: PodInfo): NodeFilter | Refusal | undefined {
    if ((pod.pod.spec.resourceClaims ?? []).length === 0) return undefined;
    const claims = this.#claimsOf(pod);
    if (typeof claims === 'string') return refused(claims);
    return { refuse: (node) => this.#refuse(claims, node) };
  }

  reserve(pod: PodInfo, node: NodeInfo): Refusal | undefined {
    if ((pod.pod.spec.resourceClaims ?? []).length === 0) return undefined;
    const claims = this.#claimsOf(pod);
    if (typeof claims === 'string') return refused(claims);
    const open = claims.filter(({ status }) => status?.allocation === undefined);
    const allocations = this.#allocate(open, node);
    if (typeof allocations === 'string') return refused(allocations);
    const decided = claims.map((claim): Decided => {
      const allocation = allocations[open.indexOf(claim)];
      return { claim, isSent: false, ...(allocation && { allocation: withShareIds(allocation) }) };
    });
    for (const { claim, allocation } of decided)
      if (allocation !== undefined) this.#devices.ledger.assume(claim.metadata.uid, allocation);
    this.#decided.set(pod, decided);
    return undefined;
  }

  async preBind(pod: PodInfo, _node: NodeInfo, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#returns);
    for (const one of this.#decided.get(pod) ?? []) {
      one.isSent = true;
      await this.#writer.reserve(one.claim, pod, one.allocation, signal);
    }
  }

  unreserve(pod: PodInfo): void {
    const decided = this.#decided.get(pod) ?? [];
    this.#decided.delete(pod);
    for (const { claim } of decided) this.#devices.ledger.forget(claim.metadata.uid);
    for (const { claim, isSent } of decided) if (isSent) this.#giveBack(pod, claim);
  }

  /** A claim that only this pod has, where the pod cannot run, is given up: it may get other devices elsewhere. */
  postFilter(pod: PodInfo, { answers }: Refused): PostFilterResult {
    const none: PostFilterResult = { type: 'none', message: '' };
    if ((pod.pod.spec.resourceClaims ?? []).length === 0) return none;
    const claims = deviceClaimsOf(pod, this.#devices);
    const isElsewhere = answers.some((refusal) => refusal === elsewhere);
    if (typeof claims === 'string' || !isElsewhere) return none;
    const own = claims.find(
      ({ status }) =>
        status?.allocation?.nodeSelector !== undefined &&
        (status.reservedFor ?? []).every(({ uid }) => uid === pod.uid),
    );
    if (own === undefined) return none;
    return { ...none, giveUp: () => this.#logFailure(pod, this.#writer.deallocate(own)) };
  }

  #refuse(claims: readonly DeviceClaim[], node: NodeInfo): Refusal | undefined {
    if (!claims.every((claim) => isOn(claim, node))) return elsewhere;
    const open = claims.filter(({ status }) => status?.allocation === undefined);
    if (open.length === 0) return undefined;
    const allocations = this.#allocate(open, node);
    return typeof allocations === 'string' ? refused(allocations) : undefined;
  }

  #allocate(claims: readonly DeviceClaim[], node: NodeInfo): readonly DeepReadonly<AllocationResult>[] | string {
    try {
      return allocateDevices(claims, node, this.#devices);
    } catch (error) {
      if (error instanceof CelError) return `CEL runtime error: ${error.message}`;
      throw error;
    }
  }

  #claimsOf(pod: PodInfo): DeviceClaim[] | string {
    const claims = deviceClaimsOf(pod, this.#devices);
    if (typeof claims === 'string') return claims;
    for (const claim of claims) {
      const why = whyWaiting(claim, pod, this.#devices);
      if (why !== undefined) return why;
    }
    return claims;
  }

  #giveBack(pod: PodInfo, claim: DeviceClaim): void {
    // What was reserved before this attempt stays so.
    if (isReservedFor(claim, pod.uid)) return;
    const returned = this.#logFailure(pod, this.#writer.release(claim, pod)).finally(() => {
      this.#returns.delete(returned);
    });
    this.#returns.add(returned);
  }

  async #logFailure(pod: PodInfo, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#logger.debug('A device claim stays reserved; its pod is tried again', { pod: pod.key, error });
    }
  }
}

function isOn({ status }: DeviceClaim, node: NodeInfo): boolean {
  const selector = status?.allocation?.nodeSelector;
  return selector === undefined || selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** Each share of a device has a name of its own. */
function withShareIds(allocation: DeepReadonly<AllocationResult>): AllocationResult {
  const copy = sentAsIs<AllocationResult>(structuredClone(allocation));
  for (const result of copy.devices?.results ?? []) if (result.consumedCapacity) result.shareID = randomUUID();
  return copy;
}
