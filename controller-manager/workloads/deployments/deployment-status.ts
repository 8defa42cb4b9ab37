/** What a Deployment says of its ReplicaSets: counts, availability, progress. Pure. */

import { goQuote } from '../../../api/go-text.ts';
import { parseTime } from '../../../api/time.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { conditionOf, reasons, withCondition, withNewerCondition, withoutCondition } from './deployment-conditions.ts';
import { computeBounds } from './rollout-bounds.ts';
import { totalSize } from './rollout-plan.ts';
import type { SetHistory } from './set-history.ts';

type Conditions = readonly DeepReadonly<DeploymentCondition>[];
type SetView = Cached<ReplicaSet>;
type Status = DeepReadonly<DeploymentStatus>;

export interface StatusQuestion {
  readonly deployment: Cached<Deployment>;
  readonly history: SetHistory;
  /** The Deployment's conditions, with what this look at it has to tell already in them. */
  readonly conditions: Conditions;
  readonly collisionCount: number | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/** No deadline is the largest number that fits. */
export function deadlineSeconds({ spec }: Cached<Deployment>): number | undefined {
  const seconds = spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds === 2 ** 31 - 1 ? undefined : seconds;
}

/** Counts and availability; of a Deployment that is paused, scaled or deleted there is no more to tell. */
export function computeStatus(question: StatusQuestion): Status {
  const { deployment, history, collisionCount, now } = question;
  const { current, old } = history;
  const sets = [...old, ...(current ? [current] : [])];
  const { replicas, maxUnavailable } = computeBounds(deployment.spec);
  const count = (of: (set: SetView) => number | undefined, among = sets) =>
    among.reduce((sum, set) => sum + (of(set) ?? 0), 0);
  const available = count(({ status }) => status?.availableReplicas);
  const unavailable = totalSize(sets) - available;
  const terminating = sets.every(({ status }) => status?.terminatingReplicas !== undefined);
  const conditions = withCondition(question.conditions, availability(available >= replicas - maxUnavailable), now);
  return {
    ...counted(
      'replicas',
      count(({ status }) => status?.replicas),
    ),
    ...counted(
      'updatedReplicas',
      count(({ status }) => status?.replicas, current ? [current] : []),
    ),
    ...counted(
      'readyReplicas',
      count(({ status }) => status?.readyReplicas),
    ),
    ...counted('availableReplicas', available),
    ...counted('unavailableReplicas', unavailable),
    ...(terminating && { terminatingReplicas: count(({ status }) => status?.terminatingReplicas) }),
    observedGeneration: deployment.metadata.generation ?? 0,
    ...(collisionCount !== undefined && { collisionCount }),
    conditions,
  };
}

const counted = <Name extends string>(name: Name, value: number) => value > 0 && { [name]: value };

const availability = (isAvailable: boolean) =>
  isAvailable
    ? ({
        type: 'Available',
        status: 'True',
        reason: reasons.available,
        message: 'Deployment has minimum availability.',
      } as const)
    : ({
        type: 'Available',
        status: 'False',
        reason: reasons.unavailable,
        message: 'Deployment does not have minimum availability.',
      } as const);

/** Also how the rollout goes, and why pods cannot be made or deleted. */
export function computeRolloutStatus(question: StatusQuestion): Status {
  const status = computeStatus(question);
  const progressed = withProgress(status, question);
  return { ...status, conditions: withReplicaFailure(progressed, question.history) };
}

function withProgress(status: Status, { deployment, history, now, conditions: told }: StatusQuestion): Conditions {
  const conditions = status.conditions ?? [];
  if (deadlineSeconds(deployment) === undefined) return withoutCondition(conditions, 'Progressing');
  const known = conditionOf(told, 'Progressing');
  const isOver = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && known?.reason === reasons.complete;
  if (isOver) return conditions;
  const subject = history.current
    ? `ReplicaSet ${goQuote(history.current.metadata.name)}`
    : `Deployment ${goQuote(deployment.metadata.name)}`;
  const news = (state: 'True' | 'False', reason: string, message: string) =>
    ({ type: 'Progressing', status: state, reason, message: `${subject} ${message}` }) as const;
  if (isComplete(deployment, status))
    return withCondition(conditions, news('True', reasons.complete, 'has successfully progressed.'), now);
  if (isProgressing(deployment, status))
    return withNewerCondition(conditions, news('True', reasons.updated, 'is progressing.'), now);
  if (isTimedOut(deployment, told, now))
    return withCondition(conditions, news('False', reasons.timedOut, 'has timed out progressing.'), now);
  return conditions;
}

/** All replicas are of the newest template and available, and there are no others. */
export function isComplete({ spec, metadata }: Cached<Deployment>, status: Status | undefined): boolean {
  const { replicas } = computeBounds(spec);
  const { updatedReplicas = 0, availableReplicas = 0, observedGeneration = 0 } = status ?? {};
  return (
    updatedReplicas === replicas &&
    (status?.replicas ?? 0) === replicas &&
    availableReplicas === replicas &&
    observedGeneration >= (metadata.generation ?? 0)
  );
}

/** More pods of the newest template, fewer others, or more that are ready or available than when it was last told. */
function isProgressing({ status: before = {} }: Cached<Deployment>, after: Status): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: Status) => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** Nothing has happened for the deadline. A rollout that has succeeded, or is known to have failed, is not judged again. */
function isTimedOut(deployment: Cached<Deployment>, conditions: Conditions, now: number): boolean {
  const known = conditionOf(conditions, 'Progressing');
  if (known === undefined || known.reason === reasons.complete) return false;
  if (known.reason === reasons.timedOut) return true;
  const dueAt = deadlineAt(deployment, conditions);
  return dueAt !== undefined && dueAt < now;
}

function deadlineAt(deployment: Cached<Deployment>, conditions: Conditions): number | undefined {
  const seconds = deadlineSeconds(deployment);
  const since = parseTime(conditionOf(conditions, 'Progressing')?.lastUpdateTime);
  return seconds === undefined || since === undefined ? undefined : since + seconds * 1000;
}

/**
 * When the deadline has to be looked at, in milliseconds from now, a second late because times are whole seconds;
 * undefined when nothing is waited for.
 */
export function msUntilDeadline(deployment: Cached<Deployment>, status: Status, now: number): number | undefined {
  const known = conditionOf(status.conditions, 'Progressing');
  if (known === undefined || known.reason === reasons.timedOut || isComplete(deployment, status)) return undefined;
  const dueAt = deadlineAt(deployment, status.conditions ?? []);
  return dueAt === undefined ? undefined : Math.max(0, dueAt - now) + 1000;
}

/** The failure of one ReplicaSet is the Deployment's: of the current one before those of the others. */
function withReplicaFailure(conditions: Conditions, { current, old }: SetHistory): Conditions {
  const failure = [...(current ? [current] : []), ...old]
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  const others = withoutCondition(conditions, 'ReplicaFailure');
  if (failure === undefined) return others.length === conditions.length ? conditions : others;
  const known = conditionOf(conditions, 'ReplicaFailure');
  if (known?.status === failure.status && known.reason === failure.reason) return conditions;
  const { lastTransitionTime } = failure;
  return [...others, { ...failure, ...(lastTransitionTime && { lastUpdateTime: lastTransitionTime }) }];
}
