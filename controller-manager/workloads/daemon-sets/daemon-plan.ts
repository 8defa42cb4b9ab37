/**
 * What a DaemonSet does next about its pods. Pure.
 *
 * On each node by itself: a pod where there should be one, none where it may not stay, a finished one replaced, the
 * oldest kept of several. Over all nodes: outdated pods are replaced,
 *
 * | maxSurge | one node after the other                     | bound                                          |
 * |----------|----------------------------------------------|------------------------------------------------|
 * | 0        | delete the old pod, the new one is made then | `maxUnavailable` nodes without an available pod |
 * | more     | make the new pod, delete the old one then    | `maxSurge` nodes with two pods                  |
 *
 * An old pod that is not available is replaced whatever the bounds say: it is missed already.
 */

import { scaleIntOrPercent } from '../../../api/int-or-percent.ts';
import { isPodFinished, isPodReady, isPodTerminating } from '../../../api/pods.ts';
import { parseTime } from '../../../api/time.ts';
import type { DaemonSet } from '../../../api/types/apps/v1.ts';
import type { Node, Pod } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { msUntilAvailable } from '../../pods/pod-availability.ts';
import { type Placement, placementRule, targetNodeOf } from './daemon-pod.ts';

export interface DaemonWorld {
  readonly set: Cached<DaemonSet>;
  readonly nodes: readonly Cached<Node>[];
  /** The set's own, whatever their state. */
  readonly pods: readonly Cached<Pod>[];
  /** Whether a pod is of the set's template of now. */
  isUpdated(pod: Cached<Pod>): boolean;
  /** Wall time in milliseconds. */
  readonly now: number;
}

export interface DaemonPlan {
  /** Names of nodes. */
  readonly create: readonly string[];
  readonly delete: readonly Cached<Pod>[];
  /** Finished pods, by node: deleted once their back-off is over, and told of. */
  readonly failed: readonly FinishedPod[];
  readonly succeeded: readonly FinishedPod[];
}

export interface FinishedPod {
  readonly node: string;
  readonly pod: Cached<Pod>;
}

/** What the set has on one node. */
export interface NodeView {
  readonly name: string;
  /** No node of this name is there: nothing is wanted on it. */
  readonly placement: Placement | undefined;
  /** The oldest that is scheduled first. */
  readonly pods: readonly Cached<Pod>[];
}

/** All nodes, and those that are gone but have pods, by name. */
export function viewNodes({ set, nodes, pods }: DaemonWorld): NodeView[] {
  const byNode = new Map<string, Cached<Pod>[]>();
  for (const pod of pods) {
    const name = targetNodeOf(pod);
    // What is finished and on its way out is nobody's concern any more.
    if (name === undefined || (isPodFinished(pod) && isPodTerminating(pod))) continue;
    const there = byNode.get(name);
    if (there === undefined) byNode.set(name, [pod]);
    else there.push(pod);
  }
  const placementOn = placementRule(set);
  const views: NodeView[] = nodes.map((node) => {
    const { name } = node.metadata;
    const there = byNode.get(name) ?? [];
    byNode.delete(name);
    return { name, placement: placementOn(node), pods: there.sort(olderFirst) };
  });
  for (const [name, there] of byNode) views.push({ name, placement: undefined, pods: there.sort(olderFirst) });
  return views.sort((a, b) => compareText(a.name, b.name));
}

function olderFirst(a: Cached<Pod>, b: Cached<Pod>): number {
  const madeAt = ({ metadata }: Cached<Pod>) => parseTime(metadata.creationTimestamp) ?? 0;
  return (
    Number(Boolean(b.spec?.nodeName)) - Number(Boolean(a.spec?.nodeName)) ||
    madeAt(a) - madeAt(b) ||
    compareText(a.metadata.name, b.metadata.name)
  );
}

/** Brings every node to what it should have; updates are another matter, `planUpdates`. */
export function planNodes(views: readonly NodeView[], world: DaemonWorld): DaemonPlan {
  const plan: Writable<DaemonPlan> = { create: [], delete: [], failed: [], succeeded: [] };
  for (const view of views) planNode(view, world, plan);
  return plan;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };

function planNode({ name, placement, pods }: NodeView, world: DaemonWorld, plan: Writable<DaemonPlan>): void {
  const going = pods.filter((pod) => !isPodTerminating(pod));
  if (placement === undefined) {
    // The scheduler will never bind them; those that are bound are collected with their node.
    plan.delete.push(...going.filter(({ spec }) => !spec?.nodeName));
  } else if (placement.shouldRun && pods.length === 0) plan.create.push(name);
  else if (placement.mayStay) planRunning(name, going, world, plan);
  else plan.delete.push(...going);
}

function planRunning(
  node: string,
  going: readonly Cached<Pod>[],
  world: DaemonWorld,
  plan: Writable<DaemonPlan>,
): void {
  const running: Cached<Pod>[] = [];
  for (const pod of going) {
    if (pod.status?.phase === 'Failed') plan.failed.push({ node, pod });
    else if (pod.status?.phase === 'Succeeded') plan.succeeded.push({ node, pod });
    else running.push(pod);
  }
  plan.delete.push(...superfluous(running, world));
}

/** Two may be on a node only while the new one gets ready beside the old one. */
function superfluous(running: readonly Cached<Pod>[], world: DaemonWorld): readonly Cached<Pod>[] {
  if (running.length <= 1 || !surges(world.set)) return running.slice(1);
  const fresh = running.find((pod) => world.isUpdated(pod));
  const old = running.find((pod) => !world.isUpdated(pod));
  const others = running.filter((pod) => pod !== fresh && pod !== old);
  if (fresh === undefined || old === undefined) return others;
  return !isPodReady(old) || isAvailable(fresh, world) ? [...others, old] : others;
}

const isAvailable = (pod: Cached<Pod>, { set, now }: DaemonWorld): boolean =>
  msUntilAvailable(pod, set.spec?.minReadySeconds ?? 0, now) === 0;

const surges = (set: Cached<DaemonSet>): boolean => boundsOf(set, 100).maxSurge > 0;

interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

function boundsOf({ spec }: Cached<DaemonSet>, desired: number): Bounds {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = 0, maxUnavailable = 1 } = rollingUpdate ?? {};
  const bounds = {
    maxSurge: scaleIntOrPercent(maxSurge, desired, 'up'),
    maxUnavailable: scaleIntOrPercent(maxUnavailable, desired, 'up'),
  };
  // With neither, nothing would ever be updated.
  return desired > 0 && bounds.maxSurge === 0 && bounds.maxUnavailable === 0
    ? { maxSurge: 0, maxUnavailable: 1 }
    : bounds;
}

export interface UpdatePlan {
  readonly create: readonly string[];
  readonly delete: readonly Cached<Pod>[];
}

/** Which outdated pods are replaced now. */
export function planUpdates(views: readonly NodeView[], world: DaemonWorld): UpdatePlan {
  if (world.set.spec?.updateStrategy?.type !== 'RollingUpdate') return { create: [], delete: [] };
  const desired = views.filter(({ placement }) => placement?.shouldRun).length;
  const bounds = boundsOf(world.set, desired);
  // What is left on nodes that are gone holds up nobody.
  const occupied = views.filter(({ placement, pods }) => placement !== undefined && pods.length > 0);
  const pairs = occupied.map((view) => pairOn(view, world));
  return bounds.maxSurge > 0
    ? planSurge(pairs, world, { maxSurge: bounds.maxSurge, desired })
    : { create: [], delete: planReplacements(pairs, world, bounds.maxUnavailable) };
}

/** The pods of one node that are not on their way out. */
interface Pair {
  readonly name: string;
  readonly placement: Placement | undefined;
  readonly fresh: Cached<Pod> | undefined;
  readonly old: Cached<Pod> | undefined;
  /** Several of one sort: `planNodes` sees to that first. */
  readonly crowded: boolean;
}

function pairOn({ name, placement, pods }: NodeView, world: DaemonWorld): Pair {
  const going = pods.filter((pod) => !isPodTerminating(pod));
  const [fresh, moreFresh] = going.filter((pod) => world.isUpdated(pod));
  const [old, moreOld] = going.filter((pod) => !world.isUpdated(pod));
  return { name, placement, fresh, old, crowded: moreFresh !== undefined || moreOld !== undefined };
}

function planReplacements(pairs: readonly Pair[], world: DaemonWorld, maxUnavailable: number): Cached<Pod>[] {
  let unavailable = 0;
  const missed: Cached<Pod>[] = [];
  const candidates: Cached<Pod>[] = [];
  for (const { fresh, old, crowded } of pairs) {
    if (crowded || (fresh === undefined) === (old === undefined)) unavailable += 1;
    else if (old === undefined) unavailable += Number(fresh === undefined || !isAvailable(fresh, world));
    else if (isAvailable(old, world)) candidates.push(old);
    else {
      unavailable += 1;
      missed.push(old);
    }
  }
  return [...missed, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))];
}

function planSurge(
  pairs: readonly Pair[],
  world: DaemonWorld,
  { maxSurge, desired }: { maxSurge: number; desired: number },
): UpdatePlan {
  let surging = 0;
  let available = 0;
  const [missed, candidates, leaving, replaced]: [string[], string[], Cached<Pod>[], Cached<Pod>[]] = [[], [], [], []];
  for (const { name, placement, fresh, old, crowded } of pairs) {
    if (crowded) {
      surging += 1;
      continue;
    }
    const standing = old ?? fresh;
    if (standing !== undefined && isAvailable(standing, world)) available += 1;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (isAvailable(fresh, world)) replaced.push(old);
      else surging += 1;
    } else if (!placement?.shouldRun) leaving.push(old);
    else if (isAvailable(old, world)) candidates.push(name);
    else missed.push(name);
  }
  const room = Math.max(0, maxSurge - surging);
  // Old pods on nodes that the set is leaving go when there are enough elsewhere.
  const spare = Math.max(0, available - desired);
  return {
    create: [...missed, ...candidates.slice(0, room)],
    delete: [...replaced, ...leaving.slice(0, spare)],
  };
}
