/** What the status of a Job must look like: it is written by one controller, but wrong ones would lose pods. */

import type { Job } from 'kubernetes-types/batch/v1';
import { validateNonNegative } from '../apps/workload-rules.ts';
import { type FieldErrors, FieldPath } from '../field-errors.ts';

const path = FieldPath.of('status');
const counts = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const;

export function validateJobStatus({ status = {} }: Job, errors: FieldErrors): void {
  for (const name of counts) validateNonNegative(status[name], path.child(name), errors);
  for (const list of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (status.uncountedTerminatedPods?.[list] ?? []).entries()) {
      if (uid === '') errors.invalid(path.child('uncountedTerminatedPods', list).index(i), uid, 'must not be empty');
    }
  }
}
