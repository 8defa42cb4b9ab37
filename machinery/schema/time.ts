/**
 * Times of the API as Go reads and writes them: RFC 3339 in whole seconds (`Time`), or with exactly six digits of
 * fraction (`MicroTime`); always stored in UTC. Errors are worded as Go's parser words them.
 */

import { goQuote } from '../../api/go-text.ts';
import { formatTime } from '../../api/time.ts';

/** The text is no time; the message is Go's. */
export class TimeError extends Error {
  override readonly name = 'TimeError';
}

const secondsPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

const storedPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Whether a time is written as it is stored, as nearly all are. */
function isStoredForm(text: string): boolean {
  if (!storedPattern.test(text)) return false;
  const wallMs = Date.parse(text);
  // What no calendar has becomes another day.
  return !Number.isNaN(wallMs) && formatTime(wallMs) === text;
}

/** The stored form of an RFC 3339 time: UTC, whole seconds. */
export function canonicalTime(text: string): string {
  return isStoredForm(text) ? text : formatTime(readTime(text, false));
}

/** The stored form of a time with microseconds. */
export function canonicalMicroTime(text: string): string {
  if (/\.\d{6}Z$/.test(text) && isStoredForm(`${text.slice(0, -8)}Z`)) return text;
  const wholeSeconds = formatTime(readTime(text, true)).slice(0, -1);
  const fraction = secondsPattern.exec(text)?.[1] ?? '';
  return `${wholeSeconds}.${fraction.padEnd(6, '0').slice(0, 6)}Z`;
}

interface Element {
  readonly layout: string;
  readonly digits: number;
  readonly name?: string;
  readonly min?: number;
  readonly max?: number;
}

const elements: readonly (Element | string)[] = [
  { layout: '2006', digits: 4 },
  '-',
  { layout: '01', digits: 2, name: 'month', min: 1, max: 12 },
  '-',
  { layout: '02', digits: 2 },
  'T',
  { layout: '15', digits: 2, name: 'hour', min: 0, max: 23 },
  ':',
  { layout: '04', digits: 2, name: 'minute', min: 0, max: 59 },
  ':',
  { layout: '05', digits: 2, name: 'second', min: 0, max: 59 },
];

function readTime(text: string, micro: boolean): number {
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
  const fail = (rest: string, element: string): TimeError =>
    new TimeError(
      `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(element)}`,
    );
  const outOfRange = (what: string) => new TimeError(`parsing time ${goQuote(text)}: ${what} out of range`);

  let rest = text;
  const numbers: number[] = [];
  for (const element of elements) {
    if (typeof element === 'string') {
      if (!rest.startsWith(element)) throw fail(rest, element);
      rest = rest.slice(1);
      continue;
    }
    const digits = rest.slice(0, element.digits);
    if (digits.length < element.digits || !/^\d+$/.test(digits)) throw fail(rest, element.layout);
    const value = Number(digits);
    if (element.name && (value < (element.min ?? 0) || value > (element.max ?? value))) throw outOfRange(element.name);
    numbers.push(value);
    rest = rest.slice(element.digits);
  }
  const fraction = (micro ? /^\.\d{6}(?!\d)/ : /^[.,]\d+/).exec(rest)?.[0] ?? '';
  if (micro && fraction === '') throw fail(rest, '.000000');
  rest = rest.slice(fraction.length);
  const zone = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(rest);
  if (!zone) throw fail(rest, 'Z07:00');
  if (Number(zone[2] ?? 0) > 24) throw outOfRange('time zone offset hour');
  if (Number(zone[3] ?? 0) > 60) throw outOfRange('time zone offset minute');
  rest = rest.slice(zone[0].length);
  if (rest !== '') throw new TimeError(`parsing time ${goQuote(text)}: extra text: ${goQuote(rest)}`);
  return toMilliseconds(numbers, zone, outOfRange);
}

function toMilliseconds(numbers: number[], zone: RegExpExecArray, outOfRange: (what: string) => TimeError): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = numbers;
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  if (day < 1 || time.getUTCMonth() !== month - 1) throw outOfRange('day');
  const offsetMinutes = Number(zone[2] ?? 0) * 60 + Number(zone[3] ?? 0);
  return time.getTime() - (zone[1] === '-' ? -offsetMinutes : offsetMinutes) * 60_000;
}
