import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cronJobs } from '../../../api/resources/batch.ts';
import type { CronJobSpec } from '../../../api/types/batch/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { chooseExpired, findMissed, jobNameOf, missedMessage, msUntilNext, NeverFiresError } from './cron-plan.ts';
import { cronTimesOf } from './cron-times.ts';

function cronJob(spec: Partial<CronJobSpec> = {}, lastScheduleTime?: string) {
  return storedObject(cronJobs, {
    metadata: { name: 'tick', creationTimestamp: '2030-01-01T00:00:30Z' },
    spec: { schedule: '* * * * *', jobTemplate: {}, ...spec },
    ...(lastScheduleTime && { status: { lastScheduleTime } }),
  });
}

const at = Date.parse;

describe('runs that are due', () => {
  const cases: readonly (readonly [
    title: string,
    object: ReturnType<typeof cronJob>,
    now: string,
    latest: string | undefined,
    count: number,
  ])[] = [
    ['none since it was made', cronJob(), '2030-01-01T00:00:59Z', undefined, 0],
    ['one', cronJob(), '2030-01-01T00:01:00Z', '2030-01-01T00:01:00Z', 1],
    ['of several the latest', cronJob(), '2030-01-01T00:10:10Z', '2030-01-01T00:10:00Z', 10],
    [
      'since the last that was started',
      cronJob({}, '2030-01-01T00:09:00Z'),
      '2030-01-01T00:10:10Z',
      '2030-01-01T00:10:00Z',
      1,
    ],
    ['many', cronJob(), '2030-01-02T00:00:00Z', '2030-01-02T00:00:00Z', 1440],
    ['none before the deadline', cronJob({ startingDeadlineSeconds: 20 }), '2030-01-01T00:10:30Z', undefined, 0],
    [
      'within the deadline',
      cronJob({ startingDeadlineSeconds: 20 }),
      '2030-01-01T00:10:10Z',
      '2030-01-01T00:10:00Z',
      1,
    ],
    [
      'the latest, where gaps differ',
      cronJob({ schedule: '* 0 1 1 *' }, '2029-01-01T00:00:00Z'),
      '2030-06-01T00:00:00Z',
      '2030-01-01T00:59:00Z',
      743_040,
    ],
  ];
  for (const [title, object, now, latest, count] of cases) {
    it(title, () => {
      const found = findMissed(object, cronTimesOf(object.spec.schedule, 'UTC'), at(now));
      assert.equal(found.latest, latest && at(latest));
      assert.equal(found.count, count);
    });
  }

  it('a schedule that never fires is an error', () => {
    const never = cronJob({ schedule: '0 0 31 2 *' });
    assert.throws(
      () => findMissed(never, cronTimesOf(never.spec.schedule, 'UTC'), at('2031-01-01T00:00:00Z')),
      NeverFiresError,
    );
  });

  it('the latest that is due is never later than now, and nothing fires between', () => {
    const schedules = fc.constantFrom(
      '* * * * *',
      '*/7 3 * * *',
      '0 0 1 1 *',
      '5 4 * * MON',
      '* 0 1 1 *',
      '@every 90s',
      '30 6-16/4 * * 1-5',
    );
    const span = fc.integer({ min: 0, max: 400 * 86_400 });
    fc.assert(
      fc.property(schedules, span, (schedule, seconds) => {
        const object = cronJob({ schedule });
        const now = at('2030-01-01T00:00:30Z') + seconds * 1000;
        const times = cronTimesOf(schedule, 'UTC');
        const { latest, since } = findMissed(object, times, now);
        const next = times.next(latest ?? since);
        assert.ok(latest === undefined || (latest <= now && latest > since));
        assert.ok(next === undefined || next > now);
        const waitMs = msUntilNext(object, times, now) ?? -1;
        assert.ok(waitMs > 0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('Jobs of a CronJob', () => {
  it('are named after the minute', () =>
    assert.equal(jobNameOf(cronJob(), at('2030-01-01T00:01:59Z')), 'tick-31557601'));

  it('the oldest go when there are too many', () => {
    const job = (name: string, startTime?: string) => ({ metadata: { name }, status: startTime ? { startTime } : {} });
    const ended = [
      job('new', '2030-01-03T00:00:00Z'),
      job('unstarted'),
      job('old', '2030-01-01T00:00:00Z'),
      job('a', '2030-01-03T00:00:00Z'),
    ];
    const names = (limit: number | undefined) => chooseExpired(ended, limit).map(({ metadata }) => metadata.name);
    assert.deepEqual(names(2), ['old', 'a']);
    assert.deepEqual(names(0), ['old', 'a', 'new', 'unstarted']);
    assert.deepEqual(names(9), []);
    assert.deepEqual(names(undefined), []);
  });
});

it('a run that was missed is told with its time as upstream writes it', () => {
  const message = 'Missed scheduled time to start a job: Tue, 01 Jan 2030 00:05:00 +0000';
  assert.equal(missedMessage(at('2030-01-01T00:05:00Z')), message);
});
