/**
 * What the status of a Job must look like. One controller writes it, but whoever did must not be able to lose pods, count
 * backwards, or end a Job twice.
 */

import { parseTime } from '../../api/time.ts';
import type { Job, JobSpec, JobStatus } from '../../api/types/batch/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateCounts } from '../workloads/workload-rules.ts';
import { readIndexes } from './completion-indexes.ts';

const path = FieldPath.of('status');
const conditionsPath = path.child('conditions');

export function validateJobStatus(next: Job, previous: Job, errors: FieldErrors): void {
  const { spec = { template: {} }, status = {} } = next;
  const before = previous.status ?? {};
  validateCounts({ ...status }, { counts: ['active', 'succeeded', 'failed', 'ready', 'terminating'] }, path, errors);
  validateUncounted(status, errors);
  validateConditions(status, errors);
  validateEnd(status, before, errors);
  validateIndexes(spec, status, errors);
  validateProgress(spec, status, before, errors);
}

/** An error about the conditions as a whole, shown without their value. */
function refuseConditions(errors: FieldErrors, detail: string): void {
  errors.add('FieldValueInvalid', conditionsPath, `Invalid value: ${detail}`);
}

const isTrue = ({ conditions }: JobStatus, type: string): boolean =>
  (conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
const isFinished = (status: JobStatus): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');

/** Each pod is counted once. */
function validateUncounted({ uncountedTerminatedPods: pods }: JobStatus, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (pods?.[list] ?? []).entries()) {
      const at = path.child('uncountedTerminatedPods', list).index(i);
      if (uid === '') errors.invalid(at, uid, 'must not be empty');
      else if (seen.has(uid)) errors.duplicate(at, uid);
      seen.add(uid);
    }
  }
}

function validateConditions(status: JobStatus, errors: FieldErrors): void {
  const { completionTime, startTime } = status;
  const at = path.child('completionTime');
  const isComplete = isTrue(status, 'Complete');
  if (isComplete && isTrue(status, 'Failed'))
    refuseConditions(errors, 'cannot set Complete=True and Failed=true conditions');
  if (isComplete && isTrue(status, 'FailureTarget')) {
    refuseConditions(errors, 'cannot set Complete=True and FailureTarget=true conditions');
  }
  if (completionTime && !isComplete) {
    errors.invalid(at, completionTime, 'cannot set completionTime when there is no Complete=True condition');
  }
  if (!completionTime && isComplete) errors.required(at, 'completionTime is required for Complete jobs');
  const [start, end] = [parseTime(startTime), parseTime(completionTime)];
  if (start !== undefined && end !== undefined && end < start) {
    errors.invalid(at, completionTime, 'completionTime cannot be set before startTime');
  }
  if (isTrue(status, 'Failed') && !isTrue(status, 'FailureTarget')) {
    refuseConditions(errors, 'cannot set Failed=True condition without the FailureTarget=true condition');
  }
  if (isComplete && !isTrue(status, 'SuccessCriteriaMet')) {
    refuseConditions(errors, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  }
}

/** What has ended has nothing left to do. */
function validateEnd(status: JobStatus, before: JobStatus, errors: FieldErrors): void {
  const { active = 0, ready = 0, terminating = 0, startTime, uncountedTerminatedPods: pods } = status;
  if (isFinished(status)) {
    if (active > 0) errors.invalid(path.child('active'), active, 'active>0 is invalid for finished job');
    if (!startTime) errors.required(path.child('startTime'), 'startTime is required for finished job');
    if (terminating > 0)
      errors.invalid(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job');
    if ((pods?.succeeded ?? []).length + (pods?.failed ?? []).length > 0) {
      errors.invalid(
        path.child('uncountedTerminatedPods'),
        pods,
        'uncountedTerminatedPods needs to be empty for finished job',
      );
    }
  }
  if (ready > active && status.ready !== before.ready)
    errors.invalid(path.child('ready'), ready, 'cannot set more ready pods than active');
}

function validateIndexes(spec: JobSpec, status: JobStatus, errors: FieldErrors): void {
  const { completedIndexes = '', failedIndexes } = status;
  const [completedPath, failedPath] = [path.child('completedIndexes'), path.child('failedIndexes')];
  const isPerIndex = typeof spec.backoffLimitPerIndex === 'number';
  const completed = readIndexes(completedIndexes, spec.completions ?? Number.POSITIVE_INFINITY);
  if (typeof completed === 'string')
    errors.invalid(completedPath, completedIndexes, `error parsing completedIndexes: ${completed}`);
  const failed = readIndexes(failedIndexes ?? '', spec.completions ?? Number.POSITIVE_INFINITY);
  if (isPerIndex && typeof failed === 'string')
    errors.invalid(failedPath, failedIndexes, `error parsing failedIndexes: ${failed}`);
  if (completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    errors.invalid(
      completedPath,
      completedIndexes,
      'cannot set non-empty completedIndexes when non-indexed completion mode',
    );
  }
  if (!isPerIndex && typeof failedIndexes === 'string') {
    errors.invalid(failedPath, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  }
  if (!isPerIndex || typeof completed === 'string' || typeof failed === 'string') return;
  const both = completed.flatMap(([a, b]) => failed.filter(([c, d]) => a <= d && c <= b).map(([c]) => Math.max(a, c)));
  if (both[0] !== undefined)
    errors.invalid(failedPath, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${both[0]}`);
}

/** Time goes one way. */
function validateProgress(spec: JobSpec, status: JobStatus, before: JobStatus, errors: FieldErrors): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (isTrue(before, type) && !isTrue(status, type))
      refuseConditions(errors, `cannot disable the terminal ${type}=True condition`);
  }
  // One whose indexes may become fewer may lose some that have succeeded.
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const name of isElastic ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    const count = status[name] ?? 0;
    if (count < (before[name] ?? 0)) errors.invalid(path.child(name), count, `cannot decrease the ${name} counter`);
  }
  if (before.completionTime && status.completionTime && before.completionTime !== status.completionTime) {
    errors.invalid(path.child('completionTime'), status.completionTime, 'completionTime cannot be mutated');
  }
  if (!before.startTime || before.startTime === status.startTime || spec.suspend) return;
  const at = path.child('startTime');
  if (!status.startTime) errors.required(at, 'startTime cannot be removed for unsuspended job');
  else errors.invalid(at, status.startTime, 'startTime cannot be modified for unsuspended job');
}
