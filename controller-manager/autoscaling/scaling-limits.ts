/**
 * What becomes of a number of replicas that metrics ask for: it is kept between bounds, changes no faster than it may,
 * and does not go up and down with every measurement. Pure; times are monotonic milliseconds.
 */

import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../api/types/autoscaling/v2.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type Rules = DeepReadonly<HPAScalingRules>;

/** What an autoscaler remembers between two looks. */
export interface History {
  /** What metrics asked for. */
  readonly recommendations: readonly { readonly at: number; readonly replicas: number }[];
  /** What was done: how many replicas more, or (negative) fewer. */
  readonly changes: readonly { readonly at: number; readonly by: number }[];
}

export const noHistory: History = { recommendations: [], changes: [] };

export interface Wish {
  readonly current: number;
  /** By the metrics. */
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly behavior: DeepReadonly<HorizontalPodAutoscalerBehavior> | undefined;
  readonly now: number;
}

export interface Said {
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface Limited {
  readonly replicas: number;
  readonly history: History;
  /** The conditions AbleToScale and ScalingLimited. */
  readonly able: Said;
  readonly limited: Said;
}

const downWindowMs = 300_000;
const asIs: Said = { isTrue: true, reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const higher = 'recent recommendations were higher than current one, applying the highest recent recommendation';
const lower = 'recent recommendations were lower than current one, applying the lowest recent recommendation';
const withinRange = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const tooFast = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const tooMany = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFastDown = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const tooFew = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};

/** The first look remembers what there was, so that a restart does not shrink a workload at once. */
export function withStart(history: History, current: number, now: number): History {
  return history.recommendations.length > 0
    ? history
    : { ...history, recommendations: [{ at: now, replicas: current }] };
}

export function withChange(history: History, { current, behavior, now }: Wish, replicas: number): History {
  const periods = [...(behavior?.scaleUp?.policies ?? []), ...(behavior?.scaleDown?.policies ?? [])];
  const longestMs = Math.max(0, ...periods.map(({ periodSeconds }) => periodSeconds * 1000));
  const changes = history.changes.filter(({ at }) => at > now - longestMs);
  return { ...history, changes: behavior === undefined ? [] : [...changes, { at: now, by: replicas - current }] };
}

export function limitReplicas(wish: Wish, history: History): Limited {
  const { behavior, desired, now } = wish;
  const stable = behavior === undefined ? stabilizeDown(wish, history) : stabilize(wish, history);
  const bound = behavior === undefined ? boundPlainly(wish, stable) : boundByRules(wish, stable, history);
  const windows = [downWindowMs, windowMs(behavior?.scaleUp, 0), windowMs(behavior?.scaleDown, downWindowMs)];
  const kept = history.recommendations.filter(({ at }) => at >= now - Math.max(...windows));
  return {
    replicas: bound.replicas,
    history: { ...history, recommendations: [...kept, { at: now, replicas: desired }] },
    able: stable === desired ? asIs : stabilized(wish),
    limited: { isTrue: bound.replicas !== stable, reason: bound.reason, message: bound.message },
  };
}

function stabilized({ behavior, desired, current }: Wish): Said {
  if (behavior !== undefined && desired >= current)
    return { isTrue: true, reason: 'ScaleUpStabilized', message: lower };
  return { isTrue: true, reason: 'ScaleDownStabilized', message: higher };
}

function stabilizeDown({ desired, now }: Wish, { recommendations }: History): number {
  const recent = recommendations.filter(({ at }) => at >= now - downWindowMs);
  return Math.max(desired, ...recent.map(({ replicas }) => replicas));
}

const windowMs = (rules: Rules | undefined, otherwise: number): number =>
  typeof rules?.stabilizationWindowSeconds === 'number' ? rules.stabilizationWindowSeconds * 1000 : otherwise;

/** Up only as far as all that was asked for of late; down only as far as none of it. */
function stabilize({ behavior, current, desired, now }: Wish, { recommendations }: History): number {
  const within = (ms: number) => recommendations.filter(({ at }) => at > now - ms).map(({ replicas }) => replicas);
  const up = Math.min(desired, ...within(windowMs(behavior?.scaleUp, 0)));
  const down = Math.max(desired, ...within(windowMs(behavior?.scaleDown, downWindowMs)));
  return Math.min(Math.max(current, up), down);
}

interface Bound {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

function boundPlainly({ current, min, max }: Wish, stable: number): Bound {
  const fastest = Math.max(2 * current, 4);
  const most = Math.min(max, fastest);
  if (stable < min) return { replicas: min, ...tooFew };
  if (stable > most) return { replicas: most, ...(max > fastest ? tooFast : tooMany) };
  return { replicas: stable, ...withinRange };
}

function boundByRules(wish: Wish, stable: number, history: History): Bound {
  const { current, min, max, behavior } = wish;
  if (stable > current) {
    const fastest = Math.max(current, furthest('up', wish, behavior?.scaleUp, history));
    const most = Math.min(max, fastest);
    if (stable > most) return { replicas: most, ...(max > fastest ? tooFast : tooMany) };
  } else if (stable < current) {
    const fastest = Math.min(current, furthest('down', wish, behavior?.scaleDown, history));
    const fewest = Math.max(min, fastest);
    if (stable < fewest) return { replicas: fewest, ...(min < fastest ? tooFastDown : tooFew) };
  }
  return { replicas: stable, ...withinRange };
}

/** As far as the policies let it go, counted from where their periods began. */
function furthest(way: 'up' | 'down', { current, now }: Wish, rules: Rules | undefined, { changes }: History): number {
  const { selectPolicy = 'Max', policies = [] } = rules ?? {};
  if (selectPolicy === 'Disabled' || policies.length === 0) return current;
  const reach = policies.map(({ type, value, periodSeconds }) => {
    const recent = changes.filter(({ at }) => at > now - periodSeconds * 1000);
    const start = current - recent.reduce((sum, { by }) => sum + by, 0);
    if (type === 'Pods') return way === 'up' ? start + value : start - value;
    return way === 'up' ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
  });
  const wantsMost = selectPolicy !== 'Min';
  return wantsMost === (way === 'up') ? Math.max(...reach) : Math.min(...reach);
}
