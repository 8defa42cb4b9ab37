/**
 * Decides whether this node takes a pod, once for each: one that was taken stays, whatever the node is like later, and
 * so does one that an earlier kubelet began. What was taken holds its room until nothing of it runs.
 */

import { isPodFinished } from '../../api/pods.ts';
import { isCriticalPod } from '../model/critical-pod.ts';
import { isStaticPod, type PodObject } from '../model/pod.ts';
import {
  computeAffinityRefusal,
  computeCapacityRefusal,
  computeMissingAmounts,
  computePortsRefusal,
  computeRoomRefusal,
  computeSystemRefusal,
  computeTaintRefusal,
  type NodeView,
} from './node-predicates.ts';
import type { PodFailure } from './pod-state.ts';
import { choosePreemptionVictims } from './preemption.ts';

/** Why a pod does not get the amounts that it asks for since it runs. */
export interface ResizeRefusal {
  /** Deferred: others have them now. Infeasible: the node has not so many. */
  readonly reason: 'Deferred' | 'Infeasible';
  /** As an event names it. */
  readonly cause: string;
  readonly message: string;
}

export interface NodeAdmissionOptions {
  /** What pods can have here. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** All pods of the node, as the API has them. */
  readonly pods: () => Iterable<PodObject>;
  /** As it was a few seconds ago at most; undefined: not known yet. */
  readonly lastSeenNode: () => NodeView | undefined;
  /** Rejects while the API does not answer, but for static pods: they are judged by what is known here. */
  readonly readNode: (pod: PodObject) => Promise<NodeView>;
  /** Something of the pod is here already. */
  readonly isHere: (uid: string) => boolean;
  /** Ends these pods; resolves when nothing of them runs any more. */
  readonly preempt: (victims: readonly PodObject[]) => Promise<void>;
  /** What beside room and place speaks against the pod; it may set things aside for it. */
  readonly refusalOf: (pod: PodObject) => PodFailure | undefined;
}

export class NodeAdmission {
  readonly #options: NodeAdmissionOptions;
  readonly #admitted = new Set<string>();

  constructor(options: NodeAdmissionOptions) {
    this.#options = options;
  }

  /** Undefined: the node takes the pod, now and from now on. */
  async admit(pod: PodObject): Promise<PodFailure | undefined> {
    const { refusalOf, lastSeenNode, readNode, isHere } = this.#options;
    if (this.#admitted.has(pod.metadata.uid)) return undefined;
    const refusal = refusalOf(pod);
    if (refusal !== undefined) return refusal;
    const seen = lastSeenNode();
    // The object of a static pod does not say that it has begun.
    const isBegun = hasBegun(pod) || (isStaticPod(pod) && isHere(pod.metadata.uid));
    if (isBegun || (seen !== undefined && this.#refusalOn(seen, pod) === undefined)) return this.#take(pod);
    // Its labels may have been set since: nothing is refused by an old picture of the node.
    const now = await readNode(pod);
    const refused = this.#refusalOn(now, pod);
    if (refused === undefined) return this.#take(pod);
    return isCriticalPod(pod) ? await this.#preemptFor(pod, now, refused) : refused;
  }

  /** Where only room is missing, others make it. Those that go count no more, whatever the API still says of them. */
  async #preemptFor(pod: PodObject, node: NodeView, refused: PodFailure): Promise<PodFailure | undefined> {
    const others = this.#othersThan(pod);
    const missing = computeMissingAmounts(pod, node, others);
    if (missing.size === 0) return refused;
    const elsewhere = this.#placeRefusalOn(node, pod, others);
    if (elsewhere !== undefined) return elsewhere;
    const { victims, missing: left } = choosePreemptionVictims(pod, others, missing);
    if (left !== undefined) return unexpected(`no set of running pods found to reclaim resources: ${left}`);
    await this.#options.preempt(victims);
    const gone = new Set(victims.map(({ metadata }) => metadata.uid));
    const staying = this.#othersThan(pod).filter(({ metadata }) => !gone.has(metadata.uid));
    return computeRoomRefusal(pod, node, staying) ?? this.#placeRefusalOn(node, pod, staying) ?? this.#take(pod);
  }

  /** Undefined: there is room for what the pod asks for now. */
  resizeRefusalOf(pod: PodObject): ResizeRefusal | undefined {
    const { allocatable } = this.#options;
    const tooMuch = computeCapacityRefusal(pod, { allocatable });
    if (tooMuch !== undefined) return { reason: 'Infeasible', cause: 'Infeasible', message: tooMuch };
    const refusal = computeRoomRefusal(pod, { allocatable }, this.#othersThan(pod));
    return refusal && { reason: 'Deferred', cause: refusal.reason, message: refusal.message };
  }

  /** Nothing of the pod runs any more. */
  release(uid: string): void {
    this.#admitted.delete(uid);
  }

  /** In the same turn as the decision, so that no other pod is promised the same room. */
  #take(pod: PodObject): undefined {
    this.#admitted.add(pod.metadata.uid);
  }

  #refusalOn(node: NodeView, pod: PodObject): PodFailure | undefined {
    const others = this.#othersThan(pod);
    return (
      computeSystemRefusal(pod) ?? computeRoomRefusal(pod, node, others) ?? this.#placeRefusalOn(node, pod, others)
    );
  }

  /** What speaks against the pod beside room. */
  #placeRefusalOn(node: NodeView, pod: PodObject, others: readonly PodObject[]): PodFailure | undefined {
    return (
      computeSystemRefusal(pod) ??
      computeAffinityRefusal(pod, node) ??
      computePortsRefusal(pod, others) ??
      (isStaticPod(pod) ? undefined : computeTaintRefusal(pod, node))
    );
  }

  #othersThan(pod: PodObject): PodObject[] {
    return [...this.#options.pods()].filter((other) => this.#takesRoom(other, pod));
  }

  #takesRoom(other: PodObject, pod: PodObject): boolean {
    const { uid } = other.metadata;
    if (uid === pod.metadata.uid || isPodFinished(other)) return false;
    return this.#admitted.has(uid) || hasBegun(other);
  }
}

/** As upstream says that preempting failed. */
const unexpected = (why: string): PodFailure => ({
  reason: 'UnexpectedAdmissionError',
  message: `Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: ${why}`,
});

const hasBegun = ({ status }: PodObject): boolean => status?.startTime !== undefined;
