import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../base/user-error.ts';
import { makePod } from '../testing/make-pod.ts';
import { groupByPriority, parseShutdownPeriods, totalSecondsOf } from './shutdown-periods.ts';

const critical = 2_000_000_000;
const periodsOf = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([priority, seconds]) => ({ priority, seconds }));

describe('periods of a shutdown', () => {
  it('are read of flags', () => {
    assert.deepEqual(parseShutdownPeriods(), []);
    assert.deepEqual(parseShutdownPeriods({ 'shutdown-grace-period': '0s' }), []);
    const usual = { 'shutdown-grace-period': '30s', 'shutdown-grace-period-critical-pods': '10s' };
    assert.deepEqual(parseShutdownPeriods(usual), periodsOf([0, 20], [critical, 10]));
    assert.deepEqual(parseShutdownPeriods({ 'shutdown-grace-period': '1m' }), periodsOf([0, 60], [critical, 0]));
    const byPriority = { 'shutdown-grace-period-by-pod-priority': ['100000=10s', '10000=3m,0=60s,-5=0s'] };
    const periods = parseShutdownPeriods(byPriority);
    assert.deepEqual(periods, periodsOf([-5, 0], [0, 60], [10_000, 180], [100_000, 10]));
    assert.equal(totalSecondsOf(periods), 250);
  });

  it('are refused when they cannot be meant', () => {
    const refused: [Parameters<typeof parseShutdownPeriods>[0], RegExp][] = [
      [{ 'shutdown-grace-period': '10' }, /--shutdown-grace-period must be 0s or a duration of at least 1s/],
      [{ 'shutdown-grace-period': '500ms' }, /at least 1s/],
      [{ 'shutdown-grace-period': '-5s' }, /at least 1s/],
      [{ 'shutdown-grace-period-critical-pods': '5s' }, /\(0s\) must not be shorter than .*critical-pods \(5s\)/],
      [{ 'shutdown-grace-period-by-pod-priority': '0' }, /must be like 0=60s/],
      [{ 'shutdown-grace-period-by-pod-priority': 'high=5s' }, /must be like 0=60s/],
      [{ 'shutdown-grace-period-by-pod-priority': '0=5' }, /at least 1s/],
      [{ 'shutdown-grace-period-by-pod-priority': '0=5s,0=6s' }, /says twice how long pods of priority 0 get/],
      [{ 'shutdown-grace-period': '5s', 'shutdown-grace-period-by-pod-priority': '0=5s' }, /takes the place of/],
    ];
    for (const [flags, message] of refused)
      assert.throws(
        () => parseShutdownPeriods(flags),
        (error) => error instanceof UserError && message.test(error.message),
      );
  });

  it('are for pods of their priority and above, the lowest also for those below', () => {
    const pods = [critical + 1000, 0, -10, critical, 99_999, 100_000, undefined].map((priority) =>
      makePod(priority === undefined ? {} : { priority }),
    );
    const periods = periodsOf([0, 60], [50_000, 5], [100_000, 10], [critical, 1]);
    const groups = groupByPriority(periods, pods).map(({ priority, seconds, pods }) => [
      ...[priority, seconds],
      pods.map(({ spec }) => spec?.priority),
    ]);
    assert.deepEqual(groups, [
      [0, 60, [0, -10, undefined]],
      [50_000, 5, [99_999]],
      [100_000, 10, [100_000]],
      [critical, 1, [critical + 1000, critical]],
    ]);
    assert.deepEqual(groupByPriority(periods, []), []);
  });
});
