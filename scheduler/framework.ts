/**
 * CONTRACT: how a scheduling decision is made of parts. A filter plugin says whether a pod may run on a node, a score
 * plugin how well, and so on for each step. `scheduling-loop.ts` runs them; up to `reserve` nothing interrupts the cycle:
 *
 *   pop → filter (every node) → score (the feasible ones) → assume, reserve ──async──► pre-bind → bind
 *            └─ no node fits → post-filter (preemption)          └── any of them fails: unreserve, forget, again later
 *
 * Invariants:
 * - Plugins are pure towards the snapshot: they read it and answer. Only preparations may keep sums of their own.
 * - A plugin of scope `template` answers from the pod's template and the node alone. Its answers are remembered for
 *   all pods of the template until the node changes, so a thousand replicas do not ask a thousand times. It must not
 *   look at the pod's name, namespace, labels or owners, nor at other nodes.
 * - A plugin of scope `cluster` is prepared anew for each pod; its work may grow with the number of nodes, not with
 *   the number of pods.
 */

import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import type { VolumeEvent } from './volume-listers.ts';

/** An expected "no": why a pod may not run on a node, in words that the user reads. */
export interface Refusal {
  readonly plugin: string;
  /** Mostly one; the resources plugin names each resource that is short. */
  readonly reasons: readonly string[];
  /** Whether the node might do if some of its pods were gone. */
  readonly resolvable: boolean;
}

/** What happened in the cluster, as far as a pod that fits nowhere may be helped by it. */
export type ClusterEvent =
  | 'node added'
  | 'node labels'
  | 'node resources'
  | 'node taints'
  | 'pod placed'
  | 'pod removed'
  | 'pod labels'
  | 'namespace labels'
  | VolumeEvent;

export type Scope = 'template' | 'cluster';

/** The question whether one pod may run, ready to be asked for each node. */
export interface NodeFilter {
  /**
   * The only nodes in question, by name; absent: all. With several plugins that name some: those that all of them name.
   * `refuse` is not asked about the others; they count as refused by this plugin, and removing pods would not help them.
   */
  readonly candidates?: ReadonlySet<string>;
  refuse(node: NodeInfo): Refusal | undefined;
  /**
   * Counts `pod` as placed on the node (1) or as gone from it (-1) in this filter's own sums, for the what-ifs of
   * preemption. Filters that only look at the node itself need none.
   */
  count?(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void;
  /**
   * For explanations: what would let the pod run on a node that `refuse` refuses. Never asked while deciding. Absent:
   * the reasons of the refusal speak for themselves.
   */
  help?(node: NodeInfo): Help;
}

/** What would turn a refusal. */
export interface Help {
  /** As people read it: `needs 300m more cpu`, `remove taint gpu=true:NoSchedule`. */
  readonly steps: readonly string[];
  /**
   * How far away the node is, to find the nearest: about 1 for each thing that somebody has to do, less than 1 for the
   * share of the node that is missing.
   */
  readonly distance: number;
}

export interface FilterPlugin {
  readonly name: string;
  readonly scope: Scope;
  /** The changes that may turn a refusal of this plugin. */
  readonly eventsToRegister: readonly ClusterEvent[];
  /**
   * Called once for each pod (for each template, at that scope). `undefined`: this plugin has nothing to say about
   * the pod. A refusal: the pod can run nowhere, whatever the node.
   */
  prepareFilter(pod: PodInfo, snapshot: Snapshot): NodeFilter | Refusal | undefined;
}

/** How well one pod would run, ready to be asked for each node. */
export interface NodeScore {
  /** Any number; from 0 to 100 if there is no `normalize`. */
  score(node: NodeInfo): number;
  /** Brings the scores of all feasible nodes into 0 to 100, in place; `scores[i]` belongs to `nodes[i]`. */
  normalize?(scores: Float64Array, nodes: readonly NodeInfo[]): void;
}

export interface ScorePlugin {
  readonly name: string;
  readonly scope: Scope;
  readonly weight: number;
  /** Called once for each pod that fits on several nodes (for each template, at that scope). `undefined`: 0 for all. */
  prepareScore(pod: PodInfo, snapshot: Snapshot, feasible: readonly NodeInfo[]): NodeScore | undefined;
}

/** What the filters said of each node, and how to ask them again about a node as it might be. */
export interface Refused {
  /** In the order in which they were asked. */
  readonly nodes: readonly NodeInfo[];
  /** `answers[i]` is what was said of `nodes[i]`. */
  readonly answers: readonly Refusal[];
  /** The same by node. */
  readonly refusals: ReadonlyMap<NodeInfo, Refusal>;
  readonly question: WhatIf;
}

/** The filters of one pod, to be asked about a node as it might be. */
export interface WhatIf {
  /** For a clone of a node with other pods on it, of which `countPod` has told the filters that keep sums. */
  refuseIf(node: NodeInfo): Refusal | undefined;
  countPod(pod: PodInfo, node: NodeInfo, factor: 1 | -1): void;
  /**
   * What the answer for this node follows from, beside the pod's template and what is on the node: pods that room there
   * was kept for, as a list that is the same while they are. Undefined: from other nodes, too, so that no answer may be
   * remembered.
   */
  dependsOn(node: NodeInfo): readonly PodInfo[] | undefined;
  /** All that stands in the way on this node, not only what speaks for it first. Never asked while deciding. */
  obstacles(node: NodeInfo): readonly Help[];
}

/** What was done for a pod that fits on no node. */
export type PostFilterResult =
  | {
      readonly type: 'nominated';
      readonly node: NodeInfo;
      /**
       * Started by the loop once the pod is noted for the node; the pod is not tried again before it is over, and then at
       * once when it has failed. Handles its own errors.
       */
      makeRoom(): Promise<'made' | 'failed'>;
    }
  /**
   * `message` says why nothing helps: a part of what the user reads. `giveUp`: what the pod lets go of, for it keeps it
   * where it cannot run; started by the loop, handles its own errors.
   */
  | { readonly type: 'none'; readonly message: string; giveUp?(): Promise<void> };

export interface PostFilterPlugin {
  readonly name: string;
  /** Called once for each pod that fits nowhere. Synchronous; the first plugin that nominates a node is the last asked. */
  postFilter(pod: PodInfo, refused: Refused): PostFilterResult;
}

/** Keeps what only one pod can have (a volume, a device) for the pod that is being bound. */
export interface ReservePlugin {
  readonly name: string;
  /** Synchronous, right after the pod was assumed on the node. A refusal ends the attempt. */
  reserve(pod: PodInfo, node: NodeInfo): Refusal | undefined;
  /** Called for whatever was reserved when the attempt fails later. Idempotent; must not throw. */
  unreserve(pod: PodInfo, node: NodeInfo): void;
}

/** What has to be true in the world before the pod may be bound: a volume provisioned, a claim allocated. */
export interface PreBindPlugin {
  readonly name: string;
  /** Rejects when it cannot be; the pod is then tried again after a wait. Ends early when `signal` aborts. */
  preBind(pod: PodInfo, node: NodeInfo, signal: AbortSignal): Promise<void>;
}

/** In the order in which they are asked: the first filter that refuses a node speaks for it. */
export interface Plugins {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
  readonly postFilters?: readonly PostFilterPlugin[];
  readonly reserves?: readonly ReservePlugin[];
  readonly preBinds?: readonly PreBindPlugin[];
}

/** An object may be a plugin at several extension points. */
export type Plugin = FilterPlugin | ScorePlugin | PostFilterPlugin | ReservePlugin | PreBindPlugin;

/** How the pods are placed that name this scheduler in `spec.schedulerName`. */
export interface Profile {
  readonly schedulerName: string;
  readonly plugins: Plugins;
  /** How many of the nodes are looked at until some feasible ones are found; absent or 0: fewer the more there are. */
  readonly percentageOfNodesToScore?: number | undefined;
}

export const isRefusal = (prepared: NodeFilter | Refusal | undefined): prepared is Refusal =>
  prepared !== undefined && 'reasons' in prepared;
