import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobStatus } from '../../api/types/batch/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { validateJobStatus } from './job-status.ts';

describe('the status of a Job', () => {
  const cases: [string, JobStatus, JobStatus, string[]][] = [
    ['has no more ready than active', {}, { active: 1, ready: 2 }, ['status.ready']],
    ['is not blamed for what was ready before', { ready: 2 }, { active: 1, ready: 2 }, []],
    ['never counts backwards', { failed: 2 }, { failed: 1 }, ['status.failed']],
    ['is not negative', {}, { active: -1 }, ['status.active']],
    [
      'ends for one reason',
      {},
      {
        startTime: '2026-01-01T00:00:00Z',
        conditions: ['Complete', 'Failed', 'FailureTarget'].map((type) => ({ type, status: 'True' })),
      },
      ['status.conditions', 'status.conditions', 'status.completionTime', 'status.conditions'],
    ],
  ];
  for (const [what, before, next, fields] of cases) {
    it(what, () => {
      const errors = new FieldErrors();
      const job = { spec: { template: {} } };
      validateJobStatus({ ...job, status: next }, { ...job, status: before }, errors);
      assert.deepEqual(
        errors.list.map(({ field }) => field),
        fields,
      );
    });
  }
});
