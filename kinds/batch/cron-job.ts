/** The kind CronJob. */

import { checkCronSchedule } from '../../api/cron-schedule.ts';
import { ageOf } from '../../api/human-duration.ts';
import { cronJobs } from '../../api/resources/batch.ts';
import type { CronJob, CronJobSpec } from '../../api/types/batch/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, booleanColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { setTemplateDefaults } from '../workloads/pod-spec/pod-template.ts';
import { containerColumns } from '../workloads/workload-columns.ts';
import { validateNonNegative } from '../workloads/workload-rules.ts';
import { namedTemplateWarnings } from '../workloads/workload-warnings.ts';
import { validateJobSpec } from './job-rules.ts';

export const cronJobKind = defineKind(cronJobs, {
  shortNames: ['cj'],
  categories: ['all'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Schedule', 'When it runs.', ({ spec }) => spec?.schedule ?? ''),
    textColumn('Timezone', 'Whose clock the schedule is about.', ({ spec }) => spec?.timeZone ?? '<none>'),
    { ...booleanColumn('Suspend', 'Whether it waits.', ({ spec }) => (spec?.suspend ? 'True' : 'False')) },
    numberColumn('Active', 'Jobs that run now.', ({ status }) => status?.active?.length ?? 0),
    textColumn('Last Schedule', 'Since when it last ran.', ({ status }, now) =>
      status?.lastScheduleTime ? ageOf(status.lastScheduleTime, now) : '<none>',
    ),
    ageColumn,
    ...containerColumns<CronJob>(({ spec }) => spec?.jobTemplate.spec?.template),
    textColumn('Selector', 'Which pods are its own.', () => '<none>', 1),
  ],
  strategy: {
    warnings: (object, previous) =>
      namedTemplateWarnings(
        object,
        previous,
        object.spec?.jobTemplate.spec?.template,
        'spec.jobTemplate.spec.template.',
      ),
    ...specAndStatus<CronJob>({ newStatus: () => ({}) }),
    setDefaults: setCronJobDefaults,
    validate(object, errors, { isUpdate, subresource }) {
      if (subresource === 'status') return;
      const name = object.metadata?.name ?? '';
      // Jobs are named after it, with a number behind.
      if (!isUpdate && name.length > maxNameLength) {
        errors.invalid(FieldPath.of('metadata', 'name'), name, `must be no more than ${maxNameLength} characters`);
      }
      if (!isUpdate) validateSpec(object, undefined, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource !== 'status') validateSpec(next, previous, errors);
    },
  },
});

const maxNameLength = 52;
const concurrencyPolicies = ['Allow', 'Forbid', 'Replace'];

function setCronJobDefaults(object: CronJob): void {
  object.spec ??= { schedule: '', jobTemplate: {} };
  const { spec } = object;
  spec.concurrencyPolicy ??= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata ??= {};
  spec.jobTemplate.spec ??= { template: {} };
  setTemplateDefaults(spec.jobTemplate.spec);
}

function validateSpec(object: CronJob, previous: CronJob | undefined, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  const spec = object.spec ?? { schedule: '', jobTemplate: {} };
  validateSchedule(spec, previous, path, errors);
  validateNonNegative(spec.startingDeadlineSeconds, path.child('startingDeadlineSeconds'), errors);
  const { concurrencyPolicy = '' } = spec;
  if (concurrencyPolicy === '') errors.required(path.child('concurrencyPolicy'));
  else if (!concurrencyPolicies.includes(concurrencyPolicy))
    errors.notSupported(path.child('concurrencyPolicy'), concurrencyPolicy, concurrencyPolicies);
  if (spec.jobTemplate.spec) validateJobSpec(spec.jobTemplate.spec, path.child('jobTemplate', 'spec'), errors, true);
  validateNonNegative(spec.successfulJobsHistoryLimit, path.child('successfulJobsHistoryLimit'), errors);
  validateNonNegative(spec.failedJobsHistoryLimit, path.child('failedJobsHistoryLimit'), errors);
}

function validateSchedule(
  { schedule = '', timeZone }: CronJobSpec,
  previous: CronJob | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (schedule === '') errors.required(path.child('schedule'));
  else {
    const problem = checkCronSchedule(schedule);
    if (problem !== undefined) errors.invalid(path.child('schedule'), schedule, problem);
    // One that is stored already may stay.
    if (/TZ=/.test(schedule) && previous?.spec?.schedule !== schedule) {
      errors.invalid(
        path.child('schedule'),
        schedule,
        'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      );
    }
  }
  if (typeof timeZone === 'string' && timeZone !== previous?.spec?.timeZone)
    validateTimeZone(timeZone, path.child('timeZone'), errors);
}

function validateTimeZone(zone: string, path: FieldPath, errors: FieldErrors): void {
  if (zone === '') {
    errors.invalid(path, zone, 'timeZone must be nil or non-empty string');
    return;
  }
  if (zone.toLowerCase() === 'local')
    errors.invalid(path, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
  if (!isTimeZone(zone)) errors.invalid(path, zone, `unknown time zone ${zone}`);
}

/** Names are case-sensitive, as they are in the time zone database. */
function isTimeZone(zone: string): boolean {
  // `Local` is a name to Go, if none that a schedule may have.
  if (zone === 'UTC' || zone === 'Etc/UTC' || zone === 'Local') return true;
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
    return known === zone || known.toLowerCase() !== zone.toLowerCase();
  } catch {
    return false; // RangeError: no such zone
  }
}
