/**
 * autoscaling/v1 ↔ v2. What v1 has no field for travels in annotations, so that an object read and written in v1 loses
 * nothing.
 */

import { isRecord } from '../../api/json-record.ts';
import { nilList } from '../../api/nil-list.ts';
import type * as v1 from '../../api/types/autoscaling/v1.ts';
import type * as v2 from '../../api/types/autoscaling/v2.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import {
  behaviorFromInternal,
  behaviorToInternal,
  metricFromV1,
  metricStatusFromV1,
  metricStatusToV1,
  metricToV1,
} from './hpa-annotations.ts';

const annotation = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
};

const isCpuShare = (metric: { type: string; resource?: { name: string; target?: v2.MetricTarget } }): boolean =>
  metric.type === 'Resource' &&
  metric.resource?.name === 'cpu' &&
  metric.resource.target?.averageUtilization !== undefined;

export function toV2(object: v1.HorizontalPodAutoscaler): v2.HorizontalPodAutoscaler {
  const annotations = { ...object.metadata?.annotations };
  const kept = Object.fromEntries(Object.entries(annotation).map(([name, key]) => [name, readJson(annotations[key])]));
  for (const key of Object.values(annotation)) delete annotations[key];
  const { targetCPUUtilizationPercentage: share, ...spec } = object.spec ?? {};
  const {
    currentCPUUtilizationPercentage: current,
    currentReplicas,
    ...status
  } = object.status ?? { currentReplicas: 0, desiredReplicas: 0 };
  const cpu: v2.MetricSpec[] =
    share === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: share } } }];
  const cpuNow: v2.MetricStatus[] =
    current === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  const metrics = [...cpu, ...asList<unknown>(kept.metrics).map(metricFromV1)];
  const currentMetrics = [...cpuNow, ...asList<unknown>(kept.currentMetrics).map(metricStatusFromV1)];
  const conditions = asList<v2.HorizontalPodAutoscalerCondition>(kept.conditions);
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(object.metadata, annotations),
    spec: {
      ...spec,
      ...(metrics.length > 0 && { metrics }),
      ...(isRecord(kept.behavior) && { behavior: behaviorFromInternal(kept.behavior) }),
    },
    status: {
      ...status,
      // v1 shows that there are none; v2 leaves it out.
      ...(currentReplicas && { currentReplicas }),
      currentMetrics: currentMetrics.length > 0 ? currentMetrics : nilList,
      ...(conditions.length > 0 && { conditions }),
    },
  };
}

export function fromV2(object: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const { metrics = [], behavior, ...spec } = object.spec ?? {};
  const { currentMetrics, conditions = [], ...status } = object.status ?? { desiredReplicas: 0 };
  const cpu = metrics.find(isCpuShare);
  const cpuNow = (currentMetrics ?? []).find((metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu');
  const rest = metrics.filter((metric) => metric !== cpu);
  const restNow = (currentMetrics ?? []).filter((metric) => metric !== cpuNow);
  const own = new Set(Object.values(annotation));
  const others = Object.entries(object.metadata?.annotations ?? {}).filter(([name]) => !own.has(name));
  const annotations = {
    ...Object.fromEntries(others),
    ...(rest.length > 0 && { [annotation.metrics]: JSON.stringify(rest.map(metricToV1)) }),
    ...(behavior !== undefined && { [annotation.behavior]: JSON.stringify(behaviorToInternal(behavior)) }),
    ...(conditions.length > 0 && { [annotation.conditions]: JSON.stringify(conditions) }),
    ...(restNow.length > 0 && { [annotation.currentMetrics]: JSON.stringify(restNow.map(metricStatusToV1)) }),
  };
  const share = cpu?.resource?.target.averageUtilization;
  const current = cpuNow?.resource?.current.averageUtilization;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object.metadata, annotations),
    spec: { ...spec, ...(share !== undefined && { targetCPUUtilizationPercentage: share }) },
    status: {
      ...status,
      currentReplicas: status.currentReplicas ?? 0,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  };
}

function withAnnotations(metadata: ObjectMeta = {}, annotations: Record<string, string>): ObjectMeta {
  const { annotations: _before, ...rest } = metadata;
  return { ...rest, ...(Object.keys(annotations).length > 0 && { annotations }) };
}

/** Annotations are written by users too: what is not JSON counts as absent. */
function readJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asList = <T>(value: unknown): T[] => (Array.isArray(value) ? value : []);
