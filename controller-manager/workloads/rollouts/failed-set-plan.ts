/**
 * Whether the rollout of a StatefulSet or DaemonSet has failed, why, and what it goes back to. Pure.
 *
 * They have no progress deadline of their own, and their status forgets that a rollout was complete as soon as a pod
 * fails. So a revision that was rolled out completely is marked as good: it is never taken back, and it is what others
 * go back to.
 */

import { equalJson } from '../../../api/json-record.ts';
import { isPodReady, isPodTerminating } from '../../../api/pods.ts';
import type { ControllerRevision, DaemonSet, StatefulSet } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { failedRevisionAnnotation } from '../deployments/set-history.ts';
import { revisionDataOf, sortRevisions, templateOfRevision } from '../revisions/revision-plan.ts';
import { failureWatchOf } from './failure-watch.ts';
import { crashIn, troubleOf } from './pod-trouble.ts';

export type RevisedSet = Cached<StatefulSet> | Cached<DaemonSet>;
type Revision = Cached<ControllerRevision>;

/** On a ControllerRevision: all pods were of it, and served. */
export const goodRevisionAnnotation = 'longshore.dev/good-revision';
/** On a StatefulSet or DaemonSet: how many seconds its rollout may take for one more pod. */
export const deadlineAnnotation = 'longshore.dev/progress-deadline-seconds';

const defaultDeadlineMs = 600_000;
const podRevisionLabel = 'controller-revision-hash';

export interface SetRollout {
  /** Of the template of now. */
  readonly update: Revision;
  /** The others, the oldest first. */
  readonly old: readonly Revision[];
  /** Those of `update`, that stay. */
  readonly pods: readonly Cached<Pod>[];
  readonly isComplete: boolean;
}

/** Undefined: its controller has not looked at what it says now, or its pods are replaced by hand. */
export function setRolloutOf(
  set: RevisedSet,
  { revisions, pods }: { readonly revisions: readonly Revision[]; readonly pods: readonly Cached<Pod>[] },
): SetRollout | undefined {
  const isLate = (set.status?.observedGeneration ?? 0) < (set.metadata.generation ?? 0);
  if (isLate || set.spec?.updateStrategy?.type === 'OnDelete') return undefined;
  const sorted = sortRevisions(revisions);
  const update = sorted.at(-1);
  if (update === undefined || !equalJson(update.data, revisionDataOf(set.spec?.template ?? {}))) return undefined;
  return {
    update,
    old: sorted.slice(0, -1),
    pods: pods.filter((pod) => isOf(pod, update) && !isPodTerminating(pod)),
    isComplete: isComplete(set),
  };
}

/** A StatefulSet's pods have the name of their revision, a DaemonSet's its hash. */
function isOf({ metadata }: Cached<Pod>, { metadata: revision }: Revision): boolean {
  const label = metadata.labels?.[podRevisionLabel];
  return label !== undefined && [revision.name, revision.labels?.[podRevisionLabel]].includes(label);
}

function isComplete(set: RevisedSet): boolean {
  if (isDaemonSet(set)) {
    const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = set.status ?? {};
    return updatedNumberScheduled >= desiredNumberScheduled && numberAvailable >= desiredNumberScheduled;
  }
  const { replicas = 1, updateStrategy } = set.spec ?? {};
  const wanted = Math.max(0, replicas - (updateStrategy?.rollingUpdate?.partition ?? 0));
  const { updatedReplicas = 0, availableReplicas = 0 } = set.status ?? {};
  return updatedReplicas >= wanted && availableReplicas >= replicas;
}

export const isDaemonSet = (set: RevisedSet): set is Cached<DaemonSet> => set.kind === 'DaemonSet';

export const isGood = ({ metadata }: Revision): boolean => metadata.annotations?.[goodRevisionAnnotation] === 'true';

/** What changes when a rollout gains something. */
export const progressOf = ({ update, pods }: SetRollout): string =>
  `${update.metadata.uid} ${update.revision} ${pods.length} ${pods.filter(isPodReady).length}`;

export function deadlineMs({ metadata }: RevisedSet): number {
  const text = metadata.annotations?.[deadlineAnnotation] ?? '';
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) * 1000 : defaultDeadlineMs;
}

/** Why the rollout has failed. `idleMs`: how long it has gained nothing. */
export function setFailureOf(set: RevisedSet, rollout: SetRollout, idleMs: number): string | undefined {
  const watch = failureWatchOf(set);
  if (watch === undefined || rollout.isComplete || isGood(rollout.update)) return undefined;
  if (watch.deadline && idleMs >= deadlineMs(set)) {
    const late = `Revision ${rollout.update.revision} has made no progress for ${deadlineMs(set) / 1000} s.`;
    return [late, troubleOf(rollout.pods)].filter((text) => text !== undefined).join(' ');
  }
  return watch.crashes === undefined ? undefined : crashIn(rollout.pods, watch.crashes);
}

/** Those that were good before the others; then the newest. One that has failed as what it is now is none. */
export function setTargetOf({ old }: SetRollout): Revision | undefined {
  const candidates = old.filter(
    (revision) =>
      templateOfRevision(revision) !== undefined &&
      revision.metadata.annotations?.[failedRevisionAnnotation] !== String(revision.revision),
  );
  return candidates.findLast(isGood) ?? candidates.at(-1);
}
