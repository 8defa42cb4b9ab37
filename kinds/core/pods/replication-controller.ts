/** ReplicationControllers: that many pods of one template. */

import { matchesLabels } from '../../../api/label-selector.ts';
import { replicationControllers } from '../../../api/resources/core.ts';
import type { PodTemplateSpec, ReplicationController } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, formatLabels, nameColumn, textColumn } from '../../columns.ts';
import { defineKind, scaleSubresource, statusSubresource } from '../../define-kind.ts';
import { specAndStatus } from '../../spec-and-status.ts';
import { setTemplateDefaults, validatePodTemplate } from '../../workloads/pod-spec/pod-template.ts';
import { containerColumns, replicaColumns } from '../../workloads/workload-columns.ts';
import { labelsOrNull } from '../../workloads/workload-rules.ts';
import { namedTemplateWarnings } from '../../workloads/workload-warnings.ts';

const specPath = FieldPath.of('spec');

function setDefaults(controller: ReplicationController): void {
  const { spec, metadata } = controller;
  if (!spec) return;
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(labels).length > 0) {
    if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
    if (metadata && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  spec.minReadySeconds ??= 0;
  if (spec.template) setTemplateDefaults(spec);
}

const nonNegative = 'must be greater than or equal to 0';

function validateSpec(controller: ReplicationController, errors: FieldErrors): void {
  const { minReadySeconds = 0, replicas = 0, selector = {}, template } = controller.spec ?? {};
  if (minReadySeconds < 0) errors.invalid(specPath.child('minReadySeconds'), minReadySeconds, nonNegative);
  if (Object.keys(selector).length === 0) errors.required(specPath.child('selector'));
  if (replicas < 0) errors.invalid(specPath.child('replicas'), replicas, nonNegative);
  validateTemplate(template, selector, errors);
}

function validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: Readonly<Record<string, string>>,
  errors: FieldErrors,
): void {
  const path = specPath.child('template');
  if (!template) {
    errors.required(path);
    return;
  }
  const labels = template.metadata?.labels ?? {};
  if (Object.keys(selector).length > 0 && !matchesLabels(selector, labels))
    errors.invalid(
      path.child('metadata', 'labels'),
      labelsOrNull(template),
      '`selector` does not match template `labels`',
    );
  validatePodTemplate(template, path, errors);
  const policy = template.spec?.restartPolicy ?? '';
  if (policy !== 'Always') errors.notSupported(path.child('spec', 'restartPolicy'), policy, ['Always']);
  if (template.spec?.activeDeadlineSeconds !== undefined)
    errors.forbidden(
      path.child('spec', 'activeDeadlineSeconds'),
      'activeDeadlineSeconds in ReplicationController is not Supported',
    );
}

const counters = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
] as const;

function validateStatus({ status }: ReplicationController, errors: FieldErrors): void {
  const path = FieldPath.of('status');
  const count = (name: (typeof counters)[number]) => status?.[name] ?? 0;
  for (const name of counters) if (count(name) < 0) errors.invalid(path.child(name), count(name), nonNegative);
  const whole = 'cannot be greater than status.replicas';
  for (const name of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if (count(name) > count('replicas')) errors.invalid(path.child(name), count(name), whole);
  }
  if (count('availableReplicas') > count('readyReplicas'))
    errors.invalid(path.child('availableReplicas'), count('availableReplicas'), 'cannot be greater than readyReplicas');
}

export const replicationControllerKind = defineKind(replicationControllers, {
  shortNames: ['rc'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
  columns: [
    nameColumn,
    ...replicaColumns,
    ageColumn,
    ...containerColumns<ReplicationController>(({ spec }) => spec?.template),
    textColumn('Selector', 'Labels of its pods.', ({ spec }) => formatLabels(spec?.selector), 1),
  ],
  selectableFields: [{ name: 'status.replicas', value: ({ status }) => String(status?.replicas ?? 0) }],
  strategy: {
    ...specAndStatus<ReplicationController>({ newStatus: () => ({ replicas: 0 }) }),
    defaultPropagationPolicy: 'Orphan',
    setDefaults: (controller) => setDefaults(controller),
    validate(controller, errors, { subresource }) {
      if (subresource === 'status') validateStatus(controller, errors);
      else validateSpec(controller, errors);
    },
    warnings: (object, previous) => namedTemplateWarnings(object, previous, object.spec?.template, 'spec.template.'),
  },
});
