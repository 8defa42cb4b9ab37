/** Which pods belong to a Job: labels and a selector that the server makes from its uid, unless told otherwise. */

import { equalJson } from '../../api/json-record.ts';
import type { Job, JobSpec } from '../../api/types/batch/v1.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { labelSelectorDefinition, shownAs } from '../validation/immutable.ts';
import { isEmptyLabelSelector, validateLabelSelector } from '../validation/label-selector.ts';
import { setTemplateDefaults } from '../workloads/pod-spec/pod-template.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';

/** The newer names and those from before they had a domain. */
function identityLabels({ name = '', uid = '' }: { name?: string; uid?: string }): Record<string, string> {
  return { 'controller-uid': uid, 'job-name': name, [uidLabel]: uid, 'batch.kubernetes.io/job-name': name };
}

/** Defaults that Jobs and the templates of CronJobs share are those of the pod; the rest is the Job's own. */
export function setJobSpecDefaults(spec: JobSpec): void {
  const { completions, parallelism } = spec;
  if (typeof completions !== 'number' && typeof parallelism !== 'number') {
    spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.parallelism ??= 1;
  spec.backoffLimit ??= typeof spec.backoffLimitPerIndex === 'number' ? 2 ** 31 - 1 : 6;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of rule.onPodConditions ?? []) condition.status ??= 'True';
  }
  setTemplateDefaults(spec);
}

export function labelFromTemplate(job: Job): void {
  const labels = job.spec?.template?.metadata?.labels ?? {};
  if (job.metadata && Object.keys(labels).length > 0) job.metadata.labels = { ...labels };
}

export function generateSelector(job: Job): void {
  const { spec } = job;
  if (!spec || spec.manualSelector) return;
  const before = spec.template.metadata?.labels ?? {};
  const own = job.metadata?.labels ?? {};
  // Labels that came from the template follow it.
  const follows = Object.keys(own).length > 0 && equalJson(own, before);
  const labels = { ...identityLabels(job.metadata ?? {}), ...before };
  spec.template.metadata = { ...spec.template.metadata, labels };
  if (follows) labelFromTemplate(job);
  spec.selector ??= {};
  spec.selector.matchLabels = {
    ...spec.selector.matchLabels,
    [uidLabel]: spec.selector.matchLabels?.[uidLabel] ?? job.metadata?.uid ?? '',
  };
}

/** The labels are as the server would make them. */
export function validateGeneratedLabels({ metadata, spec }: Job, errors: FieldErrors): void {
  if (!spec || spec.manualSelector) return;
  // What has no selector was not made by this server: the spec's own rules speak.
  if (!spec.selector) return;
  const labels = spec.template?.metadata?.labels;
  const path = FieldPath.of('spec', 'template', 'metadata', 'labels');
  for (const [key, value] of Object.entries(identityLabels(metadata ?? {}))) {
    const found = labels?.[key];
    if (found === undefined) errors.required(path.key(key), `must be '${value}'`);
    else if (found !== value) errors.invalid(path.key(key), labels, `must be '${value}'`);
  }
  const expected = { matchLabels: { [uidLabel]: metadata?.uid } };
  const { matchLabels, matchExpressions = [] } = spec.selector;
  const found = new FieldErrors();
  validateLabelSelector(spec.selector, FieldPath.of('spec', 'selector'), found);
  // What cannot be used, or asks for nothing, is refused for that by the spec's own rules.
  if (!found.empty || isEmptyLabelSelector(spec.selector)) return;
  if (matchExpressions.length > 0 || !equalJson({ matchLabels }, expected)) {
    errors.invalid(
      FieldPath.of('spec', 'selector'),
      shownAs(labelSelectorDefinition, spec.selector),
      '`selector` not auto-generated',
    );
  }
}
