/** The kind Deployment. */

import { deployments } from '../../api/resources/apps.ts';
import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  RollingUpdateDeployment,
} from '../../api/types/apps/v1.ts';
import { fillIn } from '../../base/fill-in.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { labelSelectorDefinition, shownAs, validateImmutableStruct } from '../validation/immutable.ts';
import { isNone, validateAtMostWhole, validateIntOrPercent } from '../validation/int-or-percent.ts';
import { setTemplateDefaults, validatePodTemplate } from '../workloads/pod-spec/pod-template.ts';
import { containerColumns, readyColumn, selectorColumn } from '../workloads/workload-columns.ts';
import {
  specWithoutSelector,
  validateAlwaysRestarts,
  validateCounts,
  validateNonNegative,
  validateTemplateLabels,
  validateWorkloadSelector,
} from '../workloads/workload-rules.ts';
import { namedTemplateWarnings } from '../workloads/workload-warnings.ts';

export const deploymentKind = defineKind(deployments, {
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
  columns: [
    nameColumn,
    readyColumn,
    {
      ...numberColumn('Up-to-date', 'Pods of the newest template.', ({ status }) => status?.updatedReplicas ?? 0),
      type: 'string',
    },
    {
      ...numberColumn(
        'Available',
        'Pods that have been ready long enough.',
        ({ status }) => status?.availableReplicas ?? 0,
      ),
      type: 'string',
    },
    ageColumn,
    ...containerColumns<Deployment>(({ spec }) => spec?.template),
    selectorColumn,
  ],
  strategy: {
    warnings: (object, previous) => namedTemplateWarnings(object, previous, object.spec?.template, 'spec.template.'),
    ...specAndStatus<Deployment>({ newStatus: () => ({}), keepsLabels: true }),
    setDefaults: setDeploymentDefaults,
    generationOf: ({ spec, metadata }) => ({ spec, metadata: { annotations: metadata?.annotations } }),
    validate(object, errors, { subresource }) {
      if (subresource === 'status') validateStatus(object, errors);
      else validateSpec(object, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource !== 'status')
        validateImmutableStruct(
          labelSelectorDefinition,
          next.spec?.selector,
          previous.spec?.selector,
          FieldPath.of('spec', 'selector'),
          errors,
        );
      else validateCollisions(next.status?.collisionCount, previous.status?.collisionCount, errors);
    },
  },
});

function setDeploymentDefaults(object: Deployment): void {
  object.spec ??= specWithoutSelector();
  const { spec } = object;
  spec.replicas ??= 1;
  setTemplateDefaults(spec);
  spec.strategy ??= {};
  const { strategy } = spec;
  strategy.type ??= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    fillIn(strategy.rollingUpdate, { maxUnavailable: '25%', maxSurge: '25%' });
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}

function validateSpec({ spec = specWithoutSelector() }: Deployment, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  validateNonNegative(spec.replicas, path.child('replicas'), errors);
  const isUsable = validateWorkloadSelector(spec.selector, 'deployment', path.child('selector'), errors);
  if (spec.selector && !isUsable)
    errors.invalid(path.child('selector'), shownAs(labelSelectorDefinition, spec.selector), 'invalid label selector');
  else validateTemplate(spec, path.child('template'), errors);
  validateStrategy(spec.strategy ?? {}, path.child('strategy'), errors);
  validateNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  validateNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors);
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  validateNonNegative(deadline, path.child('progressDeadlineSeconds'), errors);
  if (deadline !== undefined && deadline <= minReadySeconds) {
    errors.invalid(path.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds');
  }
}

function validateTemplate({ selector, template }: DeploymentSpec, path: FieldPath, errors: FieldErrors): void {
  validateTemplateLabels(selector, template, path, errors);
  validatePodTemplate(template, path, errors);
  validateAlwaysRestarts(template, 'ReplicaSet', path, errors);
}

function validateStrategy(
  { type = '', rollingUpdate }: DeploymentStrategy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (type === 'Recreate') {
    if (rollingUpdate)
      errors.forbidden(path.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'");
  } else if (type !== 'RollingUpdate') errors.notSupported(path.child('type'), type, ['Recreate', 'RollingUpdate']);
  else if (!rollingUpdate) errors.required(path.child('rollingUpdate'), 'this should be defaulted and never be nil');
  else validateRollingUpdate(rollingUpdate, path.child('rollingUpdate'), errors);
}

function validateRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDeployment,
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateIntOrPercent(maxUnavailable, path.child('maxUnavailable'), errors);
  validateIntOrPercent(maxSurge, path.child('maxSurge'), errors);
  if (isNone(maxUnavailable) && isNone(maxSurge)) {
    errors.invalid(path.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  }
  validateAtMostWhole(maxUnavailable, path.child('maxUnavailable'), errors);
}

function validateStatus({ status = {} }: Deployment, errors: FieldErrors): void {
  const path = FieldPath.of('status');
  validateCounts(
    { ...status },
    {
      counts: [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
        'terminatingReplicas',
        'collisionCount',
      ],
      atMost: [
        ['updatedReplicas', 'replicas'],
        ['readyReplicas', 'replicas'],
        ['availableReplicas', 'replicas'],
        ['availableReplicas', 'readyReplicas', 'readyReplicas'],
      ],
    },
    path,
    errors,
  );
}

/** The count makes names unique: it may never go back. */
function validateCollisions(next: number | undefined, previous: number | undefined, errors: FieldErrors): void {
  const path = FieldPath.of('status', 'collisionCount');
  if (previous === undefined) return;
  if (next === undefined || next < previous) errors.invalid(path, next ?? null, 'cannot be decremented');
}
