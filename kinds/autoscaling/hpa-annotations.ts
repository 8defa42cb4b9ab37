/**
 * What autoscaling/v1 has no fields for, as upstream writes it into annotations: metrics in the words of v1 itself,
 * behaviour in those of upstream's internal form.
 */

import { isRecord } from '../../api/json-record.ts';
import type * as v2 from '../../api/types/autoscaling/v2.ts';

type Fields = Record<string, unknown>;
type Spec = v2.MetricSpec;
type Status = v2.MetricStatus;

export function metricToV1(metric: Spec): Fields {
  const { type, resource, containerResource, pods, object, external } = metric;
  return withoutEmpty({
    type,
    resource: resource && { name: resource.name, ...resourceTarget(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...resourceTarget(containerResource.target),
      container: containerResource.container,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? '0',
      selector: pods.metric.selector,
    },
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? '0',
      selector: object.metric.selector,
      averageValue: object.target.averageValue,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  });
}

const resourceTarget = ({ averageUtilization, averageValue }: v2.MetricTarget): Fields => ({
  targetAverageUtilization: averageUtilization,
  targetAverageValue: averageValue,
});

export function metricFromV1(metric: unknown): Spec {
  const { resource, containerResource, pods, object, external } = partsOf(metric);
  const asWritten: object = withoutEmpty({
    type: fieldsOf(metric).type,
    resource: resource && { name: resource.name, target: targetOf(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      target: targetOf(containerResource),
      container: containerResource.container,
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      target:
        object.averageValue === undefined
          ? { type: 'Value', value: object.targetValue }
          : { type: 'AverageValue', averageValue: object.averageValue },
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target:
        external.targetValue === undefined
          ? { type: 'AverageValue', averageValue: external.targetAverageValue }
          : { type: 'Value', value: external.targetValue },
    },
  });
  // Whether the values are what a metric needs is the business of validation.
  return asWritten as Spec;
}

function targetOf({ targetAverageUtilization: share, targetAverageValue: value }: Fields): Fields {
  return share === undefined
    ? { type: 'AverageValue', averageValue: value }
    : { type: 'Utilization', averageUtilization: share };
}

export function metricStatusToV1(metric: Status): Fields {
  const { type, resource, containerResource, pods, object, external } = metric;
  const current = ({ averageUtilization, averageValue }: v2.MetricValueStatus): Fields => ({
    currentAverageUtilization: averageUtilization,
    currentAverageValue: averageValue ?? '0',
  });
  return withoutEmpty({
    type,
    resource: resource && { name: resource.name, ...current(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...current(containerResource.current),
      container: containerResource.container,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? '0',
      selector: pods.metric.selector,
    },
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? '0',
      selector: object.metric.selector,
      averageValue: object.current.averageValue,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? '0',
      currentAverageValue: external.current.averageValue,
    },
  });
}

export function metricStatusFromV1(metric: unknown): Status {
  const { resource, containerResource, pods, object, external } = partsOf(metric);
  const current = ({ currentAverageUtilization, currentAverageValue }: Fields): Fields => ({
    averageUtilization: currentAverageUtilization,
    averageValue: currentAverageValue,
  });
  const asWritten: object = withoutEmpty({
    type: fieldsOf(metric).type,
    resource: resource && { name: resource.name, current: current(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      current: current(containerResource),
      container: containerResource.container,
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue },
    },
    object: object && {
      describedObject: object.target,
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue, averageValue: object.averageValue },
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue, averageValue: external.currentAverageValue },
    },
  });
  // As above.
  return asWritten as Status;
}

export function behaviorToInternal({ scaleUp, scaleDown }: v2.HorizontalPodAutoscalerBehavior): Fields {
  const rules = (one: v2.HPAScalingRules | undefined) =>
    one
      ? {
          StabilizationWindowSeconds: one.stabilizationWindowSeconds ?? null,
          SelectPolicy: one.selectPolicy ?? null,
          Policies:
            one.policies?.map(({ type, value, periodSeconds }) => ({
              Type: type,
              Value: value,
              PeriodSeconds: periodSeconds,
            })) ?? null,
          Tolerance: one.tolerance ?? null,
        }
      : null;
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

export function behaviorFromInternal(value: unknown): v2.HorizontalPodAutoscalerBehavior {
  const rules = (one: unknown) => {
    const fields = fieldsOf(one);
    if (Object.keys(fields).length === 0) return undefined;
    const policies = Array.isArray(fields.Policies) ? fields.Policies.filter(isRecord) : undefined;
    return withoutEmpty({
      stabilizationWindowSeconds: fields.StabilizationWindowSeconds,
      selectPolicy: fields.SelectPolicy,
      policies: policies?.map(({ Type, Value, PeriodSeconds }) => ({
        type: Type,
        value: Value,
        periodSeconds: PeriodSeconds,
      })),
      tolerance: fields.Tolerance,
    });
  };
  const { ScaleUp, ScaleDown } = fieldsOf(value);
  return withoutEmpty({ scaleUp: rules(ScaleUp), scaleDown: rules(ScaleDown) });
}

/** Annotations are written by users too: what is not as expected counts as absent. */
const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});

/** The members that have members themselves. */
function partsOf(value: unknown): Record<string, Fields> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter((entry): entry is [string, Fields] => isRecord(entry[1])),
  );
}

/** Without what is absent, at any depth. */
function withoutEmpty(value: object): Fields {
  const kept = Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .map(([key, member]) => [key, isRecord(member) ? withoutEmpty(member) : member]);
  return Object.fromEntries(kept);
}
