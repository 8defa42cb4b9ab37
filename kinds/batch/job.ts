/** The kind Job. */

import { humanDuration } from '../../api/human-duration.ts';
import type { Stored } from '../../api/object.ts';
import { jobs } from '../../api/resources/batch.ts';
import { parseTime } from '../../api/time.ts';
import type { Job } from '../../api/types/batch/v1.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { containerColumns, selectorColumn } from '../workloads/workload-columns.ts';
import { namedTemplateWarnings } from '../workloads/workload-warnings.ts';
import { generateSelector, labelFromTemplate, setJobSpecDefaults, validateGeneratedLabels } from './job-identity.ts';
import { validateJobSpec } from './job-rules.ts';
import { validateJobStatus } from './job-status.ts';
import { validateJobUpdate } from './job-update.ts';

export const jobKind = defineKind(jobs, {
  categories: ['all'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Status', 'How far it is.', formatStatus),
    textColumn('Completions', 'Successes of those wanted.', formatCompletions),
    textColumn('Duration', 'How long it took, or has taken.', formatDuration),
    ageColumn,
    ...containerColumns<Job>(({ spec }) => spec?.template),
    selectorColumn,
  ],
  selectableFields: [{ name: 'status.successful', value: ({ status }) => String(status?.succeeded ?? 0) }],
  strategy: {
    warnings: (object, previous) => namedTemplateWarnings(object, previous, object.spec?.template, 'spec.template.'),
    ...specAndStatus<Job>({ newStatus: () => ({}) }),
    defaultPropagationPolicy: 'Orphan',
    setDefaults(object) {
      object.spec ??= { template: {} };
      setJobSpecDefaults(object.spec);
      if (Object.keys(object.metadata?.labels ?? {}).length === 0) labelFromTemplate(object);
    },
    prepareForCreate(object) {
      object.status = {};
      generateSelector(object);
    },
    canonicalize(object) {
      if (Object.keys(object.metadata?.labels ?? {}).length === 0) labelFromTemplate(object);
    },
    validate(object, errors, { subresource }) {
      if (subresource === 'status') return;
      const spec = object.spec ?? { template: {} };
      validateGeneratedLabels(object, errors);
      validateJobSpec(spec, FieldPath.of('spec'), errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') validateJobStatus(next, previous, errors);
      else validateJobUpdate(next, previous, errors);
    },
  },
});

const hasCondition = ({ status }: Job, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');

function formatStatus(job: Stored<Job>): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (hasCondition(job, 'Suspended')) return 'Suspended';
  if (hasCondition(job, 'FailureTarget')) return 'FailureTarget';
  return hasCondition(job, 'SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function formatCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (typeof spec?.completions === 'number') return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function formatDuration({ status }: Job, now: number): string {
  const start = parseTime(status?.startTime);
  return start === undefined ? '' : humanDuration((parseTime(status?.completionTime) ?? now) - start);
}
