/** The kind ReplicaSet. */

import { replicaSets } from '../../api/resources/apps.ts';
import type { ReplicaSet } from '../../api/types/apps/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { labelSelectorDefinition, shownAs, validateImmutableStruct } from '../validation/immutable.ts';
import { setTemplateDefaults, validatePodTemplate } from '../workloads/pod-spec/pod-template.ts';
import { containerColumns, replicaColumns, selectorColumn } from '../workloads/workload-columns.ts';
import {
  specWithoutSelector,
  validateAlwaysRestarts,
  validateCounts,
  validateNonNegative,
  validateTemplateLabels,
  validateWorkloadSelector,
} from '../workloads/workload-rules.ts';
import { namedTemplateWarnings } from '../workloads/workload-warnings.ts';

export const replicaSetKind = defineKind(replicaSets, {
  shortNames: ['rs'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
  columns: [
    nameColumn,
    ...replicaColumns,
    ageColumn,
    ...containerColumns<ReplicaSet>(({ spec }) => spec?.template),
    selectorColumn,
  ],
  strategy: {
    warnings: (object, previous) => namedTemplateWarnings(object, previous, object.spec?.template, 'spec.template.'),
    ...specAndStatus<ReplicaSet>({ newStatus: () => ({ replicas: 0 }) }),
    setDefaults(object) {
      object.spec ??= specWithoutSelector();
      object.spec.replicas ??= 1;
      setTemplateDefaults(object.spec);
      if (object.status) object.status.replicas ??= 0;
    },
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
    },
  },
});

function validateSpec({ spec = specWithoutSelector() }: ReplicaSet, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const template = path.child('template');
  validateNonNegative(spec.replicas, path.child('replicas'), errors);
  validateNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  const isUsable = validateWorkloadSelector(spec.selector, 'deployment', path.child('selector'), errors);
  if (spec.selector && !isUsable) {
    errors.invalid(path.child('selector'), shownAs(labelSelectorDefinition, spec.selector), 'invalid label selector');
    return;
  }
  if (!spec.template) return;
  validateTemplateLabels(spec.selector, spec.template, template, errors);
  validatePodTemplate(spec.template, template, errors);
  validateAlwaysRestarts(spec.template, 'ReplicaSet', template, errors);
}

function validateStatus({ status }: ReplicaSet, errors: FieldErrors): void {
  validateCounts(
    { ...status },
    {
      counts: [
        'replicas',
        'fullyLabeledReplicas',
        'readyReplicas',
        'availableReplicas',
        'terminatingReplicas',
        'observedGeneration',
      ],
      atMost: [
        ['fullyLabeledReplicas', 'replicas'],
        ['readyReplicas', 'replicas'],
        ['availableReplicas', 'replicas'],
        ['availableReplicas', 'readyReplicas', 'readyReplicas'],
      ],
    },
    FieldPath.of('status'),
    errors,
  );
}
