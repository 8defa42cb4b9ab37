import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkCronSchedule } from './cron-schedule.ts';

it('schedules that can be read are', () => {
  for (const text of [
    '* * * * *',
    '*/5 1-3 * JAN-mar MON',
    '? 0 1,15 * ?',
    '@hourly',
    '@every 1h30m',
    '@every 0s',
    ' 0 0 * * *',
  ]) {
    assert.equal(checkCronSchedule(text), undefined, text);
  }
});

it('others are refused with a reason', () => {
  assert.equal(checkCronSchedule('x'), 'expected exactly 5 fields, found 1: [x]');
  assert.equal(checkCronSchedule('0 0 * * 7'), 'end of range (7) above maximum (6): 7');
  assert.equal(checkCronSchedule('5-1 * * * *'), 'beginning of range (5) beyond end of range (1): 5-1');
  assert.equal(checkCronSchedule('@reboot'), 'unrecognized descriptor: @reboot');
  assert.match(checkCronSchedule('0 0 L * *') ?? '', /failed to parse int from L/);
  assert.match(checkCronSchedule('*/0 * * * *') ?? '', /positive number/);
});
