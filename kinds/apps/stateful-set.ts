/** The kind StatefulSet. */

import { statefulSets } from '../../api/resources/apps.ts';
import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from '../../api/types/apps/v1.ts';
import type { PersistentVolumeClaim, PodTemplateSpec } from '../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind, scaleSubresource, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { labelSelectorDefinition, shownAs } from '../validation/immutable.ts';
import { validateLabels } from '../validation/label-selector.ts';
import { validateAnnotations } from '../validation/metadata-validation.ts';
import { checkServiceName } from '../validation/names.ts';
import { setTemplateDefaults, validatePodTemplate } from '../workloads/pod-spec/pod-template.ts';
import { claimWarnings } from '../workloads/volumes/amount-warnings.ts';
import { validateClaimSpec } from '../workloads/volumes/claim-validation.ts';
import { containerColumns, readyColumn } from '../workloads/workload-columns.ts';
import {
  specWithoutSelector,
  validateAlwaysRestarts,
  validateCounts,
  validateNonNegative,
  validateTemplateLabels,
  validateWorkloadSelector,
} from '../workloads/workload-rules.ts';
import { templateWarnings } from '../workloads/workload-warnings.ts';

export const statefulSetKind = defineKind(statefulSets, {
  shortNames: ['sts'],
  categories: ['all'],
  subresources: [scaleSubresource, statusSubresource],
  columns: [nameColumn, readyColumn, ageColumn, ...containerColumns<StatefulSet>(({ spec }) => spec?.template)],
  strategy: {
    warnings(object, previous) {
      const { revisionHistoryLimit = 0, template, volumeClaimTemplates } = object.spec ?? {};
      const claims = (volumeClaimTemplates ?? []).flatMap(({ spec }, i) =>
        claimWarnings(spec?.resources, `spec.volumeClaimTemplates[${i}]`),
      );
      return [
        ...(revisionHistoryLimit < 0 ? [negativeHistory] : []),
        ...templateWarnings(object, previous, template, 'spec.template.'),
        ...(previous ? [] : claims),
      ];
    },
    ...specAndStatus<StatefulSet>({ newStatus: () => ({ replicas: 0, availableReplicas: 0 }) }),
    nameFormat: 'label',
    setDefaults: setStatefulSetDefaults,
    validate(object, errors, { subresource, isUpdate }) {
      if (subresource === 'status') return;
      validateSpec(object, errors, isUpdate === true);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') validateStatus(next, errors);
      else validateSpecUpdate(next, previous, errors);
    },
  },
});

function setClaimDefaults(claim: PersistentVolumeClaim): void {
  if (claim.apiVersion !== 'v1') claim.apiVersion = 'v1';
  if (claim.kind !== 'PersistentVolumeClaim') claim.kind = 'PersistentVolumeClaim';
  claim.spec ??= {};
  claim.spec.volumeMode ??= 'Filesystem';
  // Status is the server's to write, so its type is read-only.
  if (!claim.status?.phase) Object.assign(claim, { status: { ...claim.status, phase: 'Pending' } });
}

const negativeHistory =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
const retentionPolicies = ['Retain', 'Delete'];

function setStatefulSetDefaults(object: StatefulSet): void {
  object.spec ??= specWithoutSelector();
  const { spec } = object;
  setTemplateDefaults(spec);
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.rollingUpdate) {
    // A feature that is off by default, as upstream's is: the field is dropped.
    Reflect.deleteProperty(strategy.rollingUpdate, 'maxUnavailable');
    if (strategy.type === 'RollingUpdate') strategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimDefaults(claim);
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  if (object.status) {
    object.status.replicas ??= 0;
    object.status.availableReplicas ??= 0;
  }
}

function validateSpec({ spec = specWithoutSelector() }: StatefulSet, errors: FieldErrors, isUpdate: boolean): void {
  const path = FieldPath.of('spec');
  const template = path.child('template');
  validateManagement(spec, path, errors);
  validateNonNegative(spec.replicas, path.child('replicas'), errors);
  validateNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  validateNonNegative(spec.ordinals?.start, path.child('ordinals', 'start'), errors);
  if (spec.serviceName)
    for (const message of checkServiceName(spec.serviceName))
      errors.invalid(path.child('serviceName'), spec.serviceName, message);
  for (const [i, claim] of (isUpdate ? [] : (spec.volumeClaimTemplates ?? [])).entries()) {
    validateClaimSpec(claim.spec ?? {}, path.child('volumeClaimTemplates').index(i).child('spec'), errors);
  }
  const isUsable = validateWorkloadSelector(spec.selector, 'statefulset', path.child('selector'), errors);
  if (spec.selector && !isUsable)
    errors.invalid(path.child('selector'), shownAs(labelSelectorDefinition, spec.selector), '');
  else {
    validateTemplateLabels(spec.selector, spec.template, template, errors);
    // Upstream asks about the template's metadata twice.
    validateLabels(spec.template.metadata?.labels, template.child('labels'), errors);
    validateAnnotations(spec.template.metadata?.annotations, template.child('annotations'), errors);
    validatePodTemplate(withClaimVolumes(spec), template, errors);
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
  }
}

const specDefinition = 'io.k8s.api.apps.v1.StatefulSetSpec';
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
  if (isSemanticallyEqual(specDefinition, fixed(next), fixed(previous))) return;
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

/** The template as its pods will be: each claim template is a volume of its own name. */
function withClaimVolumes({ template, volumeClaimTemplates }: StatefulSetSpec): PodTemplateSpec {
  const claims = (volumeClaimTemplates ?? []).map(({ metadata }) => {
    const name = metadata?.name ?? '';
    return { name, persistentVolumeClaim: { claimName: name, readOnly: false } };
  });
  if (claims.length === 0 || !template.spec) return template;
  const byName = new Map(claims.map((claim) => [claim.name, claim]));
  const others = (template.spec.volumes ?? []).filter(({ name }) => !byName.has(name));
  return { ...template, spec: { ...template.spec, volumes: [...byName.values(), ...others] } };
}
