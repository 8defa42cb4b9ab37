/** How many pods of a PodDisruptionBudget may be evicted. Pure. */

import { isPodReady } from '../../api/pods.ts';
import { formatTime, parseTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Condition } from '../../api/types/meta/v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

/** An eviction that was granted counts so long as a pod less, though the pod does not seem to go. */
export const deletionTimeoutMs = 120_000;
const conditionType = 'DisruptionAllowed';

type Budget = Cached<PodDisruptionBudget>;
type Share = number | string | undefined;

/** Whether the number of pods that its owners want has to be known; otherwise it is that of the pods there are. */
export const needsScale = ({ spec }: Budget): boolean =>
  spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';

/** How many pods have to be healthy, of `expected`. Shares are rounded up. */
export function desiredHealthy({ spec }: Budget, expected: number): number {
  if (spec?.maxUnavailable !== undefined) return Math.max(0, expected - amountOf(spec.maxUnavailable, expected));
  return amountOf(spec?.minAvailable, expected);
}

function amountOf(share: Share, total: number): number {
  if (typeof share === 'number') return share;
  return share === undefined ? 0 : Math.ceil((Number.parseInt(share, 10) * total) / 100);
}

export interface BudgetObservation {
  readonly budget: Budget;
  /** All that the budget selects. */
  readonly pods: readonly Cached<Pod>[];
  readonly expected: number;
  readonly now: number;
}

export interface BudgetPlan {
  readonly status: PodDisruptionBudgetStatus;
  /** Evictions that were granted long ago, and have not come about. */
  readonly notDeleted: readonly Cached<Pod>[];
  /** When the next granted eviction is given up. */
  readonly requeueAfterMs?: number;
}

export function planBudget({ budget, pods, expected, now }: BudgetObservation): BudgetPlan {
  const { status, metadata } = budget;
  const staying = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const granted = staying.flatMap((pod) => {
    const at = parseTime(status?.disruptedPods?.[pod.metadata.name]);
    return at === undefined ? [] : [{ pod, leftMs: at + deletionTimeoutMs - now, text: formatTime(at) }];
  });
  const waiting = granted.filter(({ leftMs }) => leftMs >= 0);
  const going = new Set(waiting.map(({ pod }) => pod));
  const currentHealthy = staying.filter((pod) => isPodReady(pod) && !going.has(pod)).length;
  const desired = desiredHealthy(budget, expected);
  const disruptionsAllowed = expected > 0 ? Math.max(0, currentHealthy - desired) : 0;
  const observedGeneration = metadata.generation ?? 0;
  const condition = { isTrue: disruptionsAllowed > 0, message: '', observedGeneration, now };
  return {
    status: {
      currentHealthy,
      desiredHealthy: desired,
      disruptionsAllowed,
      expectedPods: expected,
      observedGeneration,
      ...(waiting.length > 0 && {
        disruptedPods: Object.fromEntries(waiting.map(({ pod, text }) => [pod.metadata.name, text])),
      }),
      conditions: withCondition(status?.conditions, {
        ...condition,
        reason: condition.isTrue ? 'SufficientPods' : 'InsufficientPods',
      }),
    },
    notDeleted: granted.filter(({ leftMs }) => leftMs < 0).map(({ pod }) => pod),
    ...(waiting.length > 0 && { requeueAfterMs: Math.min(...waiting.map(({ leftMs }) => leftMs)) + 1 }),
  };
}

/** Nothing is evicted while it is not known how many there should be. */
export function failedStatus({ status }: Budget, message: string, now: number): PodDisruptionBudgetStatus {
  const {
    currentHealthy = 0,
    desiredHealthy: desired = 0,
    expectedPods = 0,
    observedGeneration,
    disruptedPods,
  } = {
    ...status,
  };
  const conditions = withCondition(status?.conditions, {
    isTrue: false,
    reason: 'SyncFailed',
    message,
    observedGeneration,
    now,
  });
  return {
    currentHealthy,
    desiredHealthy: desired,
    disruptionsAllowed: 0,
    expectedPods,
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(disruptedPods && { disruptedPods: { ...disruptedPods } }),
    conditions,
  };
}

interface Said {
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number | undefined;
  readonly now: number;
}

function withCondition(
  conditions: readonly Condition[] | undefined,
  { isTrue, reason, message, observedGeneration, now }: Said,
): Condition[] {
  const status = isTrue ? 'True' : 'False';
  const before = conditions?.find(({ type }) => type === conditionType);
  const next: Condition = {
    type: conditionType,
    ...(observedGeneration !== undefined && { observedGeneration }),
    status,
    reason,
    message,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : formatTime(now),
  };
  const others = (conditions ?? []).filter(({ type }) => type !== conditionType);
  return [...others.map((condition) => ({ ...condition })), next];
}

/** A pod that was to be evicted, and was not, is no longer said to be; undefined: it says nothing of the kind. */
export function msUntilStale({ metadata, status }: Cached<Pod>, now: number): number | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined;
  const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  // What a kubelet says it means, however long it takes.
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  return Math.max(0, (parseTime(condition.lastTransitionTime) ?? now) + deletionTimeoutMs - now);
}
