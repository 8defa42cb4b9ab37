/** The kind StatefulSet. */

import { isDeepStrictEqual } from 'node:util';
import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from 'kubernetes-types/apps/v1';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { validatePodTemplate, withTemplateDefaults } from '../core/pod-spec/pod-template.ts';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';
import { type FieldErrors, FieldPath } from '../field-errors.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { isNone, validateAtMostWhole, validateIntOrPercent } from '../validation/int-or-percent.ts';
import { checkDns1123Label } from '../validation/names.ts';
import {
  containerColumns,
  validateAlwaysRestarts,
  validateCounts,
  validateNonNegative,
  validateTemplateLabels,
  validateWorkloadSelector,
} from './workload-rules.ts';

export const statefulSets = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
  columns: [
    nameColumn,
    textColumn(
      'Ready',
      'Ready pods of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ),
    ageColumn,
    ...containerColumns<StatefulSet>(({ spec }) => spec?.template),
  ],
  strategy: {
    ...specAndStatus<StatefulSet>({ newStatus: () => ({ replicas: 0, availableReplicas: 0 }) }),
    setDefaults: setStatefulSetDefaults,
    validate(object, errors, { isUpdate, subresource }) {
      if (subresource === 'status') return;
      if (!isUpdate)
        for (const message of checkDns1123Label(object.metadata?.name ?? ''))
          errors.invalid(FieldPath.of('metadata', 'name'), object.metadata?.name, message);
      validateSpec(object, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') validateStatus(next, errors);
      else validateSpecUpdate(next, previous, errors);
    },
  },
});

const retentionPolicies = ['Retain', 'Delete'];

function setStatefulSetDefaults(object: StatefulSet): void {
  object.spec ??= {} as StatefulSetSpec;
  const { spec } = object;
  spec.template = withTemplateDefaults(spec.template);
  spec.podManagementPolicy ??= 'OrderedReady';
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  spec.persistentVolumeClaimRetentionPolicy = {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
    ...spec.persistentVolumeClaimRetentionPolicy,
  };
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  if (object.status) {
    object.status.replicas ??= 0;
    object.status.availableReplicas ??= 0;
  }
}

function validateSpec({ spec = {} as StatefulSetSpec }: StatefulSet, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const template = path.child('template');
  validateManagement(spec, path, errors);
  validateNonNegative(spec.replicas, path.child('replicas'), errors);
  validateNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  validateNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors);
  validateNonNegative(spec.ordinals?.start, path.child('ordinals', 'start'), errors);
  const isUsable = validateWorkloadSelector(spec.selector, 'statefulset', path.child('selector'), errors);
  if (spec.selector && !isUsable) errors.invalid(path.child('selector'), spec.selector, '');
  else {
    validateTemplateLabels(spec.selector, spec.template, template, errors);
    validatePodTemplate(spec.template, template, errors);
  }
  validateAlwaysRestarts(spec.template, 'ReplicaSet', template, errors);
}

function validateManagement(spec: StatefulSetSpec, path: FieldPath, errors: FieldErrors): void {
  const {
    podManagementPolicy: policy = '',
    updateStrategy: strategy = {},
    persistentVolumeClaimRetentionPolicy: retention,
  } = spec;
  if (policy === '') errors.required(path.child('podManagementPolicy'));
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.invalid(path.child('podManagementPolicy'), policy, "must be 'OrderedReady' or 'Parallel'");
  }
  validateStrategy(strategy, path.child('updateStrategy'), errors);
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[field] ?? '';
    if (!retentionPolicies.includes(value)) {
      errors.notSupported(path.child('persistentVolumeClaimRetentionPolicy', field), value, retentionPolicies);
    }
  }
}

function validateStrategy(strategy: StatefulSetUpdateStrategy, path: FieldPath, errors: FieldErrors): void {
  const { type = '', rollingUpdate } = strategy;
  const shown = rollingUpdate
    ? { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }
    : null;
  if (type === '') errors.required(path);
  else if (type === 'OnDelete') {
    if (rollingUpdate)
      errors.invalid(path.child('rollingUpdate'), shown, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type !== 'RollingUpdate')
    errors.invalid(path, { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'");
  else if (rollingUpdate) {
    validateNonNegative(rollingUpdate.partition ?? 0, path.child('rollingUpdate', 'partition'), errors);
    validateMaxUnavailable(rollingUpdate.maxUnavailable, path.child('rollingUpdate', 'maxUnavailable'), errors);
  }
}

function validateMaxUnavailable(value: number | string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value === undefined) return;
  validateIntOrPercent(value, path, errors);
  if (isNone(value)) errors.invalid(path, value, 'cannot be 0');
  validateAtMostWhole(value, path, errors);
}

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function validateSpecUpdate(next: StatefulSet, previous: StatefulSet, errors: FieldErrors): void {
  const fixed = ({ spec }: StatefulSet): object =>
    Object.fromEntries(Object.entries(spec ?? {}).filter(([name]) => !changeable.includes(name)));
  if (isDeepStrictEqual(fixed(next), fixed(previous))) return;
  errors.forbidden(
    FieldPath.of('spec'),
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  );
}

function validateStatus({ status }: StatefulSet, errors: FieldErrors): void {
  validateCounts(
    { ...status },
    {
      counts: [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'observedGeneration',
        'collisionCount',
        'availableReplicas',
      ],
      atMost: [
        ['readyReplicas', 'replicas'],
        ['currentReplicas', 'replicas'],
        ['updatedReplicas', 'replicas'],
        ['availableReplicas', 'replicas'],
        ['availableReplicas', 'readyReplicas'],
      ],
    },
    FieldPath.of('status'),
    errors,
  );
}
