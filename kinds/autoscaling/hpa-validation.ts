/** Defaults and rules of HorizontalPodAutoscalers (autoscaling/v2). */

import { compareQuantities } from '../../api/quantity.ts';
import { parseApiVersion } from '../../api/resource.ts';
import type {
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../../api/types/autoscaling/v2.ts';
import { fillIn } from '../../base/fill-in.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Label, checkPathSegment } from '../validation/names.ts';
import { validateKindAndName } from '../validation/reference.ts';
import { validateContainerResourceName } from '../workloads/pod-spec/resources.ts';

const maxPeriodSeconds = 1800;
const maxStabilizationSeconds = 3600;
const selectPolicies = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];
const targetTypes = ['Utilization', 'Value', 'AverageValue'];

/** The field of a metric that its type fills. */
const sourceFields: ReadonlyMap<string, 'containerResource' | 'external' | 'object' | 'pods' | 'resource'> = new Map(
  Object.entries({
    ContainerResource: 'containerResource',
    External: 'external',
    Object: 'object',
    Pods: 'pods',
    Resource: 'resource',
  }),
);

const sourceOrder = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

export function setAutoscalerDefaults({ spec }: HorizontalPodAutoscaler): void {
  if (!spec) return;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) {
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ];
  }
  const { behavior } = spec;
  if (!behavior) return;
  behavior.scaleUp ??= {};
  fillIn(behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  });
  behavior.scaleDown ??= {};
  fillIn(behavior.scaleDown, {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  });
}

export function validateAutoscaler(object: HorizontalPodAutoscaler, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = object.spec ?? {};
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.invalid(path.child('minReplicas'), minReplicas, 'must be greater than or equal to 1');
  }
  if (maxReplicas < 1) errors.invalid(path.child('maxReplicas'), maxReplicas, 'must be greater than or equal to 1');
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid(path.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`');
  }
  validateTargetReference(scaleTargetRef ?? {}, path.child('scaleTargetRef'), errors);
  for (const [i, metric] of metrics.entries()) validateMetric(metric, path.child('metrics').index(i), errors);
  if (behavior?.scaleUp) validateScalingRules(behavior.scaleUp, path.child('behavior', 'scaleUp'), errors);
  if (behavior?.scaleDown) validateScalingRules(behavior.scaleDown, path.child('behavior', 'scaleDown'), errors);
}

export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler, errors: FieldErrors): void {
  for (const field of ['currentReplicas', 'desiredReplicas'] as const) {
    const count = status?.[field] ?? 0;
    if (count < 0) errors.invalid(FieldPath.of('status', field), count, 'must be greater than or equal to 0');
  }
}

interface Reference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

function validateTargetReference(reference: Reference, path: FieldPath, errors: FieldErrors): void {
  validateKindAndName(reference, path, errors);
  const { apiVersion = '' } = reference;
  const version = parseApiVersion(apiVersion);
  if (version === undefined) {
    errors.invalid(path.child('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  } else if (version.group === '' && reference.kind !== 'ReplicationController') {
    // The one scalable kind of the core group needs none.
    errors.invalid(path.child('apiVersion'), apiVersion, 'apiVersion must specify API group');
  }
}

function validateScalingRules(rules: HPAScalingRules, path: FieldPath, errors: FieldErrors): void {
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules;
  if (window !== undefined && window < 0) {
    errors.invalid(path.child('stabilizationWindowSeconds'), window, 'must be greater than or equal to zero');
  }
  if (window !== undefined && window > maxStabilizationSeconds) {
    errors.invalid(
      path.child('stabilizationWindowSeconds'),
      window,
      `must be less than or equal to ${maxStabilizationSeconds}`,
    );
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    errors.notSupported(path.child('selectPolicy'), selectPolicy, selectPolicies);
  }
  if (policies.length === 0) errors.required(path.child('policies'), 'must specify at least one Policy');
  for (const [i, policy] of policies.entries()) validatePolicy(policy, path.child('policies').index(i), errors);
  const { tolerance } = rules;
  if (tolerance !== undefined && compareQuantities(tolerance, '0') < 0) {
    errors.invalid(path.child('tolerance'), tolerance, 'must be greater than or equal to 0');
  }
}

function validatePolicy(
  { type = '', value = 0, periodSeconds = 0 }: HPAScalingPolicy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!policyTypes.includes(type)) errors.notSupported(path.child('type'), type, policyTypes);
  if (value <= 0) errors.invalid(path.child('value'), value, 'must be greater than zero');
  if (periodSeconds <= 0) errors.invalid(path.child('periodSeconds'), periodSeconds, 'must be greater than zero');
  if (periodSeconds > maxPeriodSeconds) {
    errors.invalid(path.child('periodSeconds'), periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`);
  }
}

function validateMetric(metric: MetricSpec, path: FieldPath, errors: FieldErrors): void {
  const { type = '' } = metric;
  const wanted = sourceFields.get(type);
  if (type === '') errors.required(path.child('type'), 'must specify a metric source type');
  if (wanted === undefined) errors.notSupported(path.child('type'), type, [...sourceFields.keys()]);
  const present = sourceOrder.filter((field) => metric[field] !== undefined);
  // Only the first source is looked into; the others have no business here.
  if (present[0] !== undefined) validateSource(metric, present[0], path.child(present[0]), errors);
  if (wanted === undefined) errors.notSupported(path.child('type'), type, [...sourceFields.keys()]);
  else if (metric[wanted] === undefined) {
    errors.required(path.child(wanted), 'must populate information for the given metric source');
  }
  if (present.length === 1) return;
  for (const field of present.filter((one) => one !== wanted).sort()) {
    errors.forbidden(path.child(field), 'must populate the given metric source only');
  }
}

function validateSource(
  metric: MetricSpec,
  field: 'containerResource' | 'external' | 'object' | 'pods' | 'resource',
  path: FieldPath,
  errors: FieldErrors,
): void {
  switch (field) {
    case 'object': {
      const { describedObject = {}, metric: identifier, target = {} } = metric.object ?? {};
      validateKindAndName(describedObject, path.child('describedObject'), errors);
      validateIdentifier(identifier, path.child('metric'), errors);
      validateTarget(target, path.child('target'), errors);
      validateValueOrAverage(target, path.child('target'), errors);
      break;
    }
    case 'external': {
      const { metric: identifier, target = {} } = metric.external ?? {};
      validateIdentifier(identifier, path.child('metric'), errors);
      validateTarget(target, path.child('target'), errors);
      validateValueOrAverage(target, path.child('target'), errors, true);
      break;
    }
    case 'pods': {
      const { metric: identifier, target = { type: '' } } = metric.pods ?? {};
      validateIdentifier(identifier, path.child('metric'), errors);
      validateTarget(target, path.child('target'), errors);
      if (target.averageValue === undefined || compareQuantities(target.averageValue, '0') <= 0) {
        errors.required(path.child('target', 'averageValue'), 'must specify a positive target averageValue');
      }
      break;
    }
    case 'containerResource': {
      const { container = '', name = '', target = {} } = metric.containerResource ?? {};
      if (name === '') errors.required(path.child('name'), 'must specify a resource name');
      else validateContainerResourceName(name, path.child('name'), errors);
      if (container === '') errors.required(path.child('container'), 'must specify a container');
      else if (container.includes('.')) errors.invalid(path.child('container'), container, 'must not contain dots');
      else
        for (const message of checkDns1123Label(container)) errors.invalid(path.child('container'), container, message);
      validateResourceTarget(target, path.child('target'), errors);
      break;
    }
    case 'resource': {
      const { name = '', target = {} } = metric.resource ?? {};
      if (name === '') errors.required(path.child('name'), 'must specify a resource name');
      validateResourceTarget(target, path.child('target'), errors);
      break;
    }
  }
}

type Target = Partial<MetricTarget>;

function validateIdentifier(identifier: MetricIdentifier | undefined, path: FieldPath, errors: FieldErrors): void {
  const { name = '' } = identifier ?? {};
  if (name === '') errors.required(path.child('name'), 'must specify a metric name');
  else for (const message of checkPathSegment(name)) errors.invalid(path.child('name'), name, message);
}

function validateTarget(target: Target, path: FieldPath, errors: FieldErrors): void {
  const { type = '', value, averageValue, averageUtilization } = target;
  if (type === '') errors.required(path.child('type'), 'must specify a metric target type');
  if (!targetTypes.includes(type))
    errors.invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue');
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0');
  }
  for (const [field, quantity] of [
    ['value', value],
    ['averageValue', averageValue],
  ] as const) {
    if (quantity !== undefined && compareQuantities(quantity, '0') <= 0) {
      errors.invalid(path.child(field), quantity, 'must be positive');
    }
  }
}

function validateValueOrAverage(target: Target, path: FieldPath, errors: FieldErrors, isExternal = false): void {
  const { value, averageValue } = target;
  if (value === undefined && averageValue === undefined) {
    const what = isExternal ? 'a target value for metric or a per-pod target' : 'either a target value or averageValue';
    errors.required(path.child('averageValue'), isExternal ? `must set either ${what}` : `must set ${what}`);
  }
  if (isExternal && value !== undefined && averageValue !== undefined) {
    errors.forbidden(path.child('value'), 'may not set both a target value for metric and a per-pod target');
  }
}

function validateResourceTarget(target: Target, path: FieldPath, errors: FieldErrors): void {
  validateTarget(target, path, errors);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.required(path.child('averageUtilization'), 'must set either a target raw value or a target utilization');
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.forbidden(path.child('averageValue'), 'may not set both a target raw value and a target utilization');
  }
}
