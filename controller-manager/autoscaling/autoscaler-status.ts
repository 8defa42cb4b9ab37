/** The status of a HorizontalPodAutoscaler while it is worked out. */

import { nilList } from '../../api/nil-list.ts';
import { formatTime } from '../../api/time.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../api/types/autoscaling/v2.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

export class StatusDraft {
  readonly #now: number;
  #conditions: HorizontalPodAutoscalerCondition[];
  #numbers: Pick<HorizontalPodAutoscalerStatus, 'currentReplicas' | 'desiredReplicas' | 'lastScaleTime'>;
  #metrics: Metrics;

  constructor({ status }: Cached<HorizontalPodAutoscaler>, now: number) {
    this.#now = now;
    this.#metrics = status?.currentMetrics ?? nilList;
    this.#conditions = (status?.conditions ?? []).map((condition) => ({ ...condition }));
    this.#numbers = {
      desiredReplicas: status?.desiredReplicas ?? 0,
      ...(status?.currentReplicas !== undefined && { currentReplicas: status.currentReplicas }),
      ...(status?.lastScaleTime && { lastScaleTime: status.lastScaleTime }),
    };
  }

  say(type: ConditionType, { isTrue, reason, message }: { isTrue: boolean; reason: string; message: string }): void {
    const status = isTrue ? 'True' : 'False';
    const before = this.#conditions.find((condition) => condition.type === type);
    const lastTransitionTime =
      before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : formatTime(this.#now);
    const next = { type, status, lastTransitionTime, reason, message };
    this.#conditions = before
      ? this.#conditions.map((condition) => (condition === before ? next : condition))
      : [...this.#conditions, next];
  }

  /** What there is now; `desired` when it is known. */
  count(current: number, { desired, metrics = nilList, rescaled = false }: Counted): void {
    this.#numbers = {
      ...this.#numbers,
      currentReplicas: current,
      ...(desired !== undefined && { desiredReplicas: desired }),
      ...(rescaled && { lastScaleTime: formatTime(this.#now) }),
    };
    this.#metrics = metrics;
  }

  /** A count of 0 is left out, as upstream leaves it out; metrics of which there are none are null. */
  finish(): DeepReadonly<HorizontalPodAutoscalerStatus> {
    const { currentReplicas, ...numbers } = this.#numbers;
    return {
      ...(this.#conditions.length > 0 && { conditions: this.#conditions }),
      currentMetrics: this.#metrics,
      ...(currentReplicas !== undefined && currentReplicas > 0 && { currentReplicas }),
      ...numbers,
    };
  }
}

type Metrics = readonly DeepReadonly<MetricStatus>[];

interface Counted {
  readonly desired?: number;
  readonly metrics?: Metrics | undefined;
  readonly rescaled?: boolean;
}
