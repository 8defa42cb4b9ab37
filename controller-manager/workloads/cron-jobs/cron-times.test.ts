import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCronSchedule } from '../../../api/cron-schedule.ts';
import { cronTimesOf } from './cron-times.ts';
import { formatInZone, isKnownZone, zoneOffsetMs } from './time-zone.ts';

/** The first `count` times after `after`, as the zone shows them. */
function timesAfter(schedule: string, zone: string, after: string, count: number): string[] {
  const times = cronTimesOf(schedule, zone);
  const found: string[] = [];
  let at = Date.parse(after);
  while (found.length < count) {
    const next = times.next(at);
    if (next === undefined) break;
    found.push(formatInZone(next, zone));
    at = next;
  }
  return found;
}

describe('when a schedule fires', () => {
  const cases: readonly (readonly [title: string, schedule: string, zone: string, after: string, wanted: string[]])[] =
    [
      ['every minute', '* * * * *', 'UTC', '2030-01-01T00:00:30Z', ['2030-01-01T00:01:00Z', '2030-01-01T00:02:00Z']],
      ['after a time that fires, the next', '0 * * * *', 'UTC', '2030-01-01T01:00:00Z', ['2030-01-01T02:00:00Z']],
      ['in its zone', '0 9 * * *', 'Europe/Berlin', '2030-01-01T00:00:00Z', ['2030-01-01T09:00:00+01:00']],
      ['in a zone of half hours', '30 0 * * *', 'Asia/Kolkata', '2030-01-01T00:00:00Z', ['2030-01-02T00:30:00+05:30']],
      [
        'a prefix decides the zone',
        'CRON_TZ=Asia/Tokyo 0 9 * * *',
        'UTC',
        '2030-01-01T01:00:00Z',
        ['2030-01-02T00:00:00Z'],
      ],
      [
        'a day of the month or of the week, when both are given',
        '0 0 13 * FRI',
        'UTC',
        '2026-03-07T00:00:00Z',
        ['2026-03-13T00:00:00Z', '2026-03-20T00:00:00Z'],
      ],
      [
        'both, when one is any',
        '0 0 */2 * MON',
        'UTC',
        '2026-03-01T12:00:00Z',
        ['2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z'],
      ],
      ['leap days', '0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00Z']],
      ['never', '0 0 31 2 *', 'UTC', '2026-01-01T00:00:00Z', []],
      ['never: a field without a value', ', * * * *', 'UTC', '2026-01-01T00:00:00Z', []],
      [
        'a time that clocks skip does not fire',
        '30 2 * * *',
        'Europe/Berlin',
        '2026-03-28T02:00:00Z',
        ['2026-03-30T02:30:00+02:00'],
      ],
      [
        'one that they show twice fires twice',
        '30 2 25 10 *',
        'Europe/Berlin',
        '2026-10-24T12:00:00Z',
        ['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00'],
      ],
      [
        'the hour after clocks went on fires at its beginning',
        '0 3 29 3 *',
        'Europe/Berlin',
        '2026-03-28T12:00:00Z',
        ['2026-03-29T03:00:00+02:00'],
      ],
      ['@every counts from the last time', '@every 1h30m', 'UTC', '2030-01-01T00:10:00Z', ['2030-01-01T01:40:00Z']],
      ['@every 0s is every second', '@every 0s', 'UTC', '2030-01-01T00:00:00Z', ['2030-01-01T00:00:01Z']],
      ['@weekly', '@weekly', 'UTC', '2030-01-01T00:00:00Z', ['2030-01-06T00:00:00Z']],
    ];
  for (const [title, schedule, zone, after, wanted] of cases) {
    it(title, () => assert.deepEqual(timesAfter(schedule, zone, after, Math.max(1, wanted.length)), wanted));
  }

  it('what the API accepts can be run', () => {
    const value = (min: number, max: number) =>
      fc.oneof(
        fc.constantFrom('*', '?', '*/2', '*/7'),
        fc.integer({ min, max }).map(String),
        fc
          .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
          .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
        fc.tuple(fc.integer({ min, max }), fc.integer({ min: 1, max: 9 })).map(([a, b]) => `${a}/${b}`),
      );
    const field = (min: number, max: number) =>
      fc.array(value(min, max), { minLength: 1, maxLength: 3 }).map((list) => list.join(','));
    const schedule = fc
      .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
      .map((list) => list.join(' '));
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe');
    const start = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2035, 0) });
    fc.assert(
      fc.property(schedule, zones, start, (text, zone, after) => {
        const parsed = parseCronSchedule(text);
        assert.ok(typeof parsed !== 'string' && parsed.type === 'fields', text);
        const next = cronTimesOf(text, zone).next(after);
        if (next === undefined) return;
        assert.ok(next > after);
        const wall = new Date(next + zoneOffsetMs(zone, next));
        const [minute, hour, day, month, weekday] = parsed.fields.map(({ values }) => new Set(values));
        assert.ok(
          minute?.has(wall.getUTCMinutes()) && hour?.has(wall.getUTCHours()) && month?.has(wall.getUTCMonth() + 1),
        );
        const [isDay, isWeekday] = [day?.has(wall.getUTCDate()), weekday?.has(wall.getUTCDay())];
        assert.ok(isDay || isWeekday);
      }),
      { numRuns: 300 },
    );
  });

  it('zones are known or not', () => {
    assert.ok(isKnownZone('Europe/Berlin'));
    assert.ok(!isKnownZone('Mars/Olympus'));
  });
});
