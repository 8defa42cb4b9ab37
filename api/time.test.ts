import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatMicroTime, formatTime, parseTime } from './time.ts';

const wallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

describe('times of the API', () => {
  it('are written in whole seconds, or with microseconds', () => {
    assert.equal(formatTime(wallMs), '2026-01-02T03:04:05Z');
    assert.equal(formatMicroTime(wallMs), '2026-01-02T03:04:05.678000Z');
  });

  const readings: [text: string | null | undefined, wallMs: number | undefined][] = [
    ['2026-01-02T03:04:05Z', wallMs - 678],
    ['2026-01-02T03:04:05.678901Z', wallMs],
    ['2026-01-02T05:04:05+02:00', wallMs - 678],
    ['2026-13-02T03:04:05Z', undefined],
    ['2026-01-02', undefined],
    ['1', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ];
  for (const [text, expected] of readings) {
    it(`are read: ${text}`, () => assert.equal(parseTime(text), expected));
  }
});
