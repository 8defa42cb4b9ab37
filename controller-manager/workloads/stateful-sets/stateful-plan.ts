/**
 * What a StatefulSet does next about its pods and their claims. Pure.
 *
 * Ordinals are filled from the lowest, superfluous pods go from the highest, and only then are outdated pods replaced,
 * from the highest down to the partition:
 *
 *   missing or finished ─► made (again)      beyond the range ─► deleted      outdated ─► deleted, and made anew
 *
 * OrderedReady takes one step at a time, and none past a pod that is not available; Parallel makes and deletes all that
 * is missing or superfluous at once. Updates wait for each other in both, up to `maxUnavailable`.
 */

import { scaleIntOrPercent } from '../../../api/int-or-percent.ts';
import { isPodFinished, isPodReady, isPodTerminating } from '../../../api/pods.ts';
import type { StatefulSet } from '../../../api/types/apps/v1.ts';
import type { PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import type { OwnerReference } from '../../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { msUntilAvailable } from '../../pods/pod-availability.ts';
import { computeClaimOwners, isStaleClaim } from './claim-owners.ts';
import {
  claimName,
  claimTemplates,
  computeLostLabels,
  isInRange,
  ordinalOf,
  podName,
  revisionLabel,
  startOrdinal,
} from './identity.ts';
import { isPodStuck } from './stuck-pods.ts';

/** How many pods may be away for an update, a number or a share, where the API has no field for it. */
export const maxUnavailableAnnotation = 'longshore.dev/max-unavailable';

/** So many pods are made or deleted in one go. */
const mostAtOnce = 500;

export type StatefulStep =
  | { readonly type: 'create'; readonly ordinal: number; readonly revision: 'current' | 'update' }
  | { readonly type: 'delete'; readonly pod: Cached<Pod>; readonly outdated: boolean }
  /** Of a pod that is pending, because it cannot run without them. */
  | { readonly type: 'createClaims'; readonly ordinal: number }
  /** The pod has lost labels that say who it is. */
  | { readonly type: 'label'; readonly pod: Cached<Pod>; readonly labels: Readonly<Record<string, string>> }
  | {
      readonly type: 'own';
      readonly claim: Cached<PersistentVolumeClaim>;
      readonly owners: readonly DeepReadonly<OwnerReference>[];
      /** The pod that counts as updated by it; of one that goes away nobody is told. */
      readonly pod: Cached<Pod> | undefined;
    };

export interface StatefulWorld {
  readonly set: Cached<StatefulSet>;
  /** The set's own, whatever their state. */
  readonly pods: readonly Cached<Pod>[];
  /** Names of revisions: the one that the set comes from, and the one that it goes to. */
  readonly current: string;
  readonly update: string;
  claim(name: string): Cached<PersistentVolumeClaim> | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/** To be done in this order, as far as it goes without an error; in Parallel what is alike may go at once. */
export function planStatefulSet(world: StatefulWorld): StatefulStep[] {
  if (world.set.metadata.deletionTimestamp !== undefined) return [];
  const sorted = sortPods(world);
  const living = planReplicas(world, sorted);
  if (living.stop) return living.steps;
  const steps = [...living.steps, ...planCondemnedClaims(world, sorted)];
  const condemned = planCondemned(world, sorted);
  steps.push(...condemned.steps);
  return condemned.stop ? steps : [...steps, ...planUpdate(world, sorted)];
}

interface Sorted {
  /** By ordinal; those in range. */
  readonly replicas: ReadonlyMap<number, Cached<Pod>>;
  /** Beyond the range, the highest ordinal first. */
  readonly condemned: readonly { readonly ordinal: number; readonly pod: Cached<Pod> }[];
}

interface Decision {
  readonly steps: StatefulStep[];
  /** Nothing that comes later may be done now. */
  readonly stop: boolean;
}

function sortPods({ set, pods }: StatefulWorld): Sorted {
  const replicas = new Map<number, Cached<Pod>>();
  const condemned: { ordinal: number; pod: Cached<Pod> }[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (isInRange(set, ordinal)) replicas.set(ordinal, pod);
    else condemned.push({ ordinal, pod });
  }
  return { replicas, condemned: condemned.sort((a, b) => b.ordinal - a.ordinal) };
}

const isOrdered = ({ spec }: Cached<StatefulSet>): boolean => spec?.podManagementPolicy !== 'Parallel';

export const isRunningAndReady = (pod: Cached<Pod>): boolean => pod.status?.phase === 'Running' && isPodReady(pod);

export function isRunningAndAvailable(pod: Cached<Pod>, { spec }: Cached<StatefulSet>, now: number): boolean {
  return isRunningAndReady(pod) && msUntilAvailable(pod, spec?.minReadySeconds ?? 0, now) === 0;
}

function isUnavailable(pod: Cached<Pod> | undefined, { set, now }: StatefulWorld): boolean {
  return pod === undefined || isPodTerminating(pod) || !isRunningAndAvailable(pod, set, now);
}

function planReplicas(world: StatefulWorld, { replicas }: Sorted): Decision {
  const { set } = world;
  const [start, count] = [startOrdinal(set), set.spec?.replicas ?? 1];
  const steps: StatefulStep[] = [];
  for (let ordinal = start; ordinal < start + count && steps.length < mostAtOnce; ordinal += 1) {
    const decision = planReplica(world, ordinal, replicas.get(ordinal));
    steps.push(...decision.steps);
    if (decision.stop && isOrdered(set)) return { steps, stop: true };
  }
  return { steps, stop: steps.length >= mostAtOnce };
}

function planReplica(world: StatefulWorld, ordinal: number, pod: Cached<Pod> | undefined): Decision {
  if (pod === undefined) return { steps: planCreation(world, ordinal), stop: true };
  if (isPodFinished(pod)) {
    return { steps: isPodTerminating(pod) ? [] : [{ type: 'delete', pod, outdated: false }], stop: true };
  }
  const claims = pod.status?.phase === 'Pending' ? planMissingClaims(world, ordinal) : [];
  if (isOrdered(world.set)) {
    if (isHopeless(world, ordinal, pod)) return { steps: [{ type: 'delete', pod, outdated: true }], stop: true };
    if (isUnavailable(pod, world)) return { steps: claims, stop: true };
  }
  return { steps: [...claims, ...planRepair(world, ordinal, pod)], stop: false };
}

/** A claim of an earlier pod of this name has to be gone first. */
function planCreation(world: StatefulWorld, ordinal: number): StatefulStep[] {
  const { set } = world;
  const name = podName(set, ordinal);
  const isStale = claimsOf(world, ordinal).some((claim) => isStaleClaim(claim, name));
  return isStale ? [] : [{ type: 'create', ordinal, revision: revisionFor(world, ordinal) }];
}

/** Which revision a pod is made of: below the partition the one that the set comes from. */
function revisionFor({ set, current, update }: StatefulWorld, ordinal: number): 'current' | 'update' {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate' || current === update) return 'update';
  const kept = rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < startOrdinal(set) + kept ? 'current' : 'update';
}

/**
 * An outdated pod that will never be available: the update that it waits for is what mends it. Upstream waits for ever
 * (docs/compatibility.md).
 */
function isHopeless(world: StatefulWorld, ordinal: number, pod: Cached<Pod>): boolean {
  const { type, rollingUpdate } = world.set.spec?.updateStrategy ?? {};
  const isKept = type !== 'RollingUpdate' || ordinal - startOrdinal(world.set) < (rollingUpdate?.partition ?? 0);
  return !isKept && isOutdated(pod, world) && isPodStuck(pod);
}

const revisionOf = ({ metadata }: Cached<Pod>): string | undefined => metadata.labels?.[revisionLabel];

function claimsOf({ set, claim }: StatefulWorld, ordinal: number): Cached<PersistentVolumeClaim>[] {
  return claimTemplates(set).flatMap((template) => claim(claimName(set, template, ordinal)) ?? []);
}

function planMissingClaims(world: StatefulWorld, ordinal: number): StatefulStep[] {
  const claims = claimsOf(world, ordinal);
  const isComplete = claims.length === claimTemplates(world.set).length && !claims.some(isTerminating);
  return isComplete ? [] : [{ type: 'createClaims', ordinal }];
}

const isTerminating = ({ metadata }: Cached<PersistentVolumeClaim>): boolean =>
  metadata.deletionTimestamp !== undefined;

function planRepair(world: StatefulWorld, ordinal: number, pod: Cached<Pod>): StatefulStep[] {
  const labels = computeLostLabels(world.set, ordinal, pod);
  return [
    ...(labels === undefined ? [] : [{ type: 'label', pod, labels } as const]),
    ...planOwners(world, { ordinal, pod, told: pod }),
  ];
}

function planOwners(
  world: StatefulWorld,
  { ordinal, pod, told }: { ordinal: number; pod: Cached<Pod>; told?: Cached<Pod> },
): StatefulStep[] {
  return claimsOf(world, ordinal).flatMap((claim) => {
    const owners = computeClaimOwners(claim, { set: world.set, ordinal, pod });
    return owners === undefined ? [] : [{ type: 'own', claim, owners, pod: told } as const];
  });
}

function planCondemnedClaims(world: StatefulWorld, { condemned }: Sorted): StatefulStep[] {
  return condemned.flatMap(({ ordinal, pod }) => planOwners(world, { ordinal, pod }));
}

/**
 * In order: one at a time, and while others may still become available none but the lowest of those. Upstream waits also
 * for what never will (docs/compatibility.md).
 */
function planCondemned(world: StatefulWorld, sorted: Sorted): Decision {
  const steps: StatefulStep[] = [];
  for (const { pod } of sorted.condemned.slice(0, mostAtOnce)) {
    if (isOrdered(world.set)) {
      const mayGo = !isPodTerminating(pod) && (isDecided(pod, world) || pod === firstUnavailable(world, sorted));
      return { steps: mayGo ? [{ type: 'delete', pod, outdated: false }] : [], stop: true };
    }
    if (!isPodTerminating(pod)) steps.push({ type: 'delete', pod, outdated: false });
  }
  return { steps, stop: false };
}

/** It is available, or never will be. */
const isDecided = (pod: Cached<Pod>, world: StatefulWorld): boolean =>
  !isUnavailable(pod, world) || isPodFinished(pod) || isPodStuck(pod);

/** All in range are available by now: among the condemned it is the one with the lowest ordinal. */
function firstUnavailable(world: StatefulWorld, { condemned }: Sorted): Cached<Pod> | undefined {
  return condemned.findLast(({ pod }) => isUnavailable(pod, world))?.pod;
}

function planUpdate(world: StatefulWorld, { replicas }: Sorted): StatefulStep[] {
  const { set } = world;
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return [];
  const lowest = startOrdinal(set) + (rollingUpdate?.partition ?? 0);
  const candidates = [...replicas].filter(([ordinal]) => ordinal >= lowest).sort(([a], [b]) => b - a);
  const pods = candidates.map(([, pod]) => pod);
  const most = maxUnavailableOf(set);
  if (most === 1) return planNextUpdate(world, pods, replicas.size);
  const available = [...replicas.values()].filter((pod) => !isUnavailable(pod, world)).length;
  return planUpdates(world, pods, most - ((set.spec?.replicas ?? 1) - available));
}

/** The highest outdated pod, when all above it are available. */
function planNextUpdate(world: StatefulWorld, pods: readonly Cached<Pod>[], present: number): StatefulStep[] {
  if (present < (world.set.spec?.replicas ?? 1)) return [];
  const next = pods.find((pod) => isOutdated(pod, world) || isUnavailable(pod, world));
  return next !== undefined && isOutdated(next, world) ? [{ type: 'delete', pod: next, outdated: true }] : [];
}

/** Of those that are available as many as there is room for; the others are away already. */
function planUpdates(world: StatefulWorld, pods: readonly Cached<Pod>[], room: number): StatefulStep[] {
  const outdated = pods.filter((pod) => isOutdated(pod, world));
  const away = outdated.filter((pod) => isUnavailable(pod, world));
  const available = outdated.filter((pod) => !isUnavailable(pod, world)).slice(0, Math.max(0, room));
  return [...away, ...available].map((pod) => ({ type: 'delete', pod, outdated: true }));
}

const isOutdated = (pod: Cached<Pod>, { update }: StatefulWorld): boolean =>
  revisionOf(pod) !== update && !isPodTerminating(pod);

/** At least one, or nothing would ever be updated. */
export function maxUnavailableOf({ metadata, spec }: Cached<StatefulSet>): number {
  const wanted =
    spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? metadata.annotations?.[maxUnavailableAnnotation] ?? 1;
  const number = typeof wanted === 'string' && /^\d{1,9}$/.test(wanted) ? Number(wanted) : wanted;
  return Math.max(1, scaleIntOrPercent(number, spec?.replicas ?? 1, 'down'));
}
