/** What of a Job may change once it is stored. */

import type { Job, JobSpec } from '../../api/types/batch/v1.ts';
import type { PodTemplateSpec } from '../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { labelSelectorDefinition, validateImmutable, validateImmutableStruct } from '../validation/immutable.ts';
import { shownFailurePolicy, shownSuccessPolicy, validateJobSpec } from './job-rules.ts';

const path = FieldPath.of('spec');
const batch = 'io.k8s.api.batch.v1';
const core = 'io.k8s.api.core.v1';

export function validateJobUpdate(next: Job, previous: Job, errors: FieldErrors): void {
  const spec = next.spec ?? { template: {} };
  const before = previous.spec ?? { template: {} };
  // Upstream asks the spec's rules twice on an update, and says so twice.
  validateJobSpec(spec, path, errors);
  validateCompletions(spec, before, errors);
  validateImmutableStruct(labelSelectorDefinition, spec.selector, before.selector, path.child('selector'), errors);
  validateTemplate(spec, previous, errors);
  validateImmutable(spec.completionMode, before.completionMode, path.child('completionMode'), errors);
  validateImmutableStruct(
    `${batch}.PodFailurePolicy`,
    spec.podFailurePolicy,
    before.podFailurePolicy,
    path.child('podFailurePolicy'),
    errors,
    shownFailurePolicy(spec),
  );
  validateImmutable(spec.backoffLimitPerIndex, before.backoffLimitPerIndex, path.child('backoffLimitPerIndex'), errors);
  validateImmutable(spec.managedBy, before.managedBy, path.child('managedBy'), errors);
  validateImmutableStruct(
    `${batch}.SuccessPolicy`,
    spec.successPolicy,
    before.successPolicy,
    path.child('successPolicy'),
    errors,
    shownSuccessPolicy(spec),
  );
}

/** Indexed Jobs may grow and shrink, together with their parallelism. */
function validateCompletions(next: JobSpec, before: JobSpec, errors: FieldErrors): void {
  if (next.completions === before.completions) return;
  const at = path.child('completions');
  const isElastic =
    before.completionMode === 'Indexed' &&
    typeof next.completions === 'number' &&
    typeof before.completions === 'number';
  if (!isElastic) validateImmutable(next.completions, before.completions, at, errors);
  else if (next.completions !== next.parallelism || before.completions !== before.parallelism) {
    errors.invalid(at, next.completions, 'can only be modified in tandem with spec.parallelism');
  }
}

/** Where the pods go may change as long as none was made: the Job is suspended and never started. */
function validateTemplate(spec: JobSpec, previous: Job, errors: FieldErrors): void {
  const before = previous.spec?.template;
  if (before === undefined || isSemanticallyEqual(`${core}.PodTemplateSpec`, spec.template, before)) return;
  const isUnstarted = previous.spec?.suspend === true && !previous.status?.startTime;
  if (!isUnstarted)
    validateImmutableStruct(`${core}.PodTemplateSpec`, spec.template, before, path.child('template'), errors);
  else
    validateImmutableStruct(
      `${core}.PodSpec`,
      withoutPlacement(spec.template),
      withoutPlacement(before),
      path.child('template', 'spec'),
      errors,
    );
}

/** The pods' spec but for where they go and what they ask for. */
function withoutPlacement(template: PodTemplateSpec): object {
  const copy = structuredClone(template.spec ?? { containers: [] });
  const { nodeSelector: _nodes, tolerations: _tolerations, schedulingGates: _gates, affinity, ...spec } = copy;
  const { nodeAffinity: _nodeAffinity, ...otherAffinity } = affinity ?? {};
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) container.resources = {};
  return { ...spec, ...(Object.keys(otherAffinity).length > 0 && { affinity: otherAffinity }) };
}
