/** The kind DaemonSet. */

import { daemonSets } from '../../api/resources/apps.ts';
import type { DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet } from '../../api/types/apps/v1.ts';
import { fillIn } from '../../base/fill-in.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { ageColumn, formatLabels, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { labelSelectorDefinition, validateImmutableStruct } from '../validation/immutable.ts';
import { isNone, validateAtMostWhole, validateIntOrPercent } from '../validation/int-or-percent.ts';
import { setTemplateDefaults, validatePodTemplate } from '../workloads/pod-spec/pod-template.ts';
import { containerColumns, selectorColumn } from '../workloads/workload-columns.ts';
import {
  specWithoutSelector,
  validateAlwaysRestarts,
  validateCounts,
  validateNonNegative,
  validateTemplateLabels,
  validateWorkloadSelector,
} from '../workloads/workload-rules.ts';
import { templateWarnings } from '../workloads/workload-warnings.ts';

export const daemonSetKind = defineKind(daemonSets, {
  shortNames: ['ds'],
  categories: ['all'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    numberColumn('Desired', 'Nodes that should run it.', ({ status }) => status?.desiredNumberScheduled ?? 0),
    numberColumn('Current', 'Nodes that run it.', ({ status }) => status?.currentNumberScheduled ?? 0),
    numberColumn('Ready', 'Nodes where it is ready.', ({ status }) => status?.numberReady ?? 0),
    numberColumn('Up-to-date', 'Nodes with the newest template.', ({ status }) => status?.updatedNumberScheduled ?? 0),
    numberColumn(
      'Available',
      'Nodes where it has been ready long enough.',
      ({ status }) => status?.numberAvailable ?? 0,
    ),
    textColumn('Node Selector', 'Which nodes.', ({ spec }) => formatLabels(spec?.template.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns<DaemonSet>(({ spec }) => spec?.template),
    selectorColumn,
  ],
  strategy: {
    warnings: (object, previous) => templateWarnings(object, previous, object.spec?.template, 'spec.template.'),
    ...specAndStatus<DaemonSet>({
      newStatus: () => ({
        currentNumberScheduled: 0,
        desiredNumberScheduled: 0,
        numberMisscheduled: 0,
        numberReady: 0,
      }),
    }),
    setDefaults: setDaemonSetDefaults,
    canonicalize(object) {
      countTemplates(object, undefined);
    },
    validate(object, errors, { isUpdate, subresource }) {
      if (subresource === 'status') validateStatus(object, errors);
      else if (!isUpdate) validateSpec(object, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') return;
      countTemplates(next, previous);
      validateImmutableStruct(
        labelSelectorDefinition,
        next.spec?.selector,
        previous.spec?.selector,
        FieldPath.of('spec', 'selector'),
        errors,
      );
      validateSpec(next, errors);
    },
  },
});

const templateGeneration = 'deprecated.daemonset.template.generation';

/** How often the template changed, in an annotation that old clients read. */
function countTemplates(next: DaemonSet, previous: DaemonSet | undefined): void {
  if (!next.metadata) return;
  const before = Number(previous?.metadata?.annotations?.[templateGeneration] ?? 0);
  if (previous === undefined) {
    if (next.metadata.annotations?.[templateGeneration] !== undefined) return;
  }
  const templateDefinition = 'io.k8s.api.core.v1.PodTemplateSpec';
  const changed =
    previous !== undefined && !isSemanticallyEqual(templateDefinition, next.spec?.template, previous.spec?.template);
  const count = previous === undefined ? 1 : before + (changed ? 1 : 0);
  next.metadata.annotations = { ...next.metadata.annotations, [templateGeneration]: String(count) };
}

function setDaemonSetDefaults(object: DaemonSet): void {
  object.spec ??= specWithoutSelector();
  const { spec } = object;
  setTemplateDefaults(spec);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    fillIn(spec.updateStrategy.rollingUpdate, { maxUnavailable: 1, maxSurge: 0 });
  }
  const { rollingUpdate } = spec.updateStrategy;
  if (rollingUpdate) {
    // They are no pointers inside upstream: whoever leaves one out has none.
    rollingUpdate.maxUnavailable ??= 0;
    rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
}

function validateSpec({ spec = specWithoutSelector() }: DaemonSet, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const template = path.child('template');
  const isUsable =
    !spec.selector || validateWorkloadSelector(spec.selector, 'daemonset', path.child('selector'), errors);
  if (isUsable) validateTemplateLabels(spec.selector, spec.template, template, errors);
  validatePodTemplate(spec.template, template, errors);
  validateAlwaysRestarts(spec.template, 'DaemonSet', template, errors);
  validateNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  validateStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy'), errors);
  validateNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors);
}

function validateStrategy(
  { type = '', rollingUpdate }: DaemonSetUpdateStrategy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') errors.notSupported(path.child('type'), type, ['RollingUpdate', 'OnDelete']);
  else if (!rollingUpdate) errors.required(path.child('rollingUpdate'));
  else validateRollingUpdate(rollingUpdate, path.child('rollingUpdate'), errors);
}

function validateRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [name, value] of [
    ['maxUnavailable', maxUnavailable],
    ['maxSurge', maxSurge],
  ] as const) {
    validateIntOrPercent(value, path.child(name), errors);
    validateAtMostWhole(value, path.child(name), errors);
  }
  const [unavailable, surge] = [!isNone(maxUnavailable), !isNone(maxSurge)];
  if (unavailable && surge)
    errors.invalid(path.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero');
  else if (!unavailable && !surge) errors.required(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0');
}

function validateStatus({ status }: DaemonSet, errors: FieldErrors): void {
  const counts = [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
  ];
  validateCounts({ ...status }, { counts }, FieldPath.of('status'), errors);
}
