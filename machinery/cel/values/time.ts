/** Times and durations as text, with their ranges: RFC 3339, and Go's `1h30m`. */

import { CelError } from '../cel-error.ts';
import { Duration, Timestamp } from './value.ts';

const second = 1_000_000_000n;
/** The years 1 to 9999. */
const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;
const longest = 2n ** 63n - 1n;

export function checkedTime(nanos: bigint): Timestamp {
  if (nanos < firstSecond * second || nanos > lastSecond * second + second - 1n)
    throw new CelError('timestamp overflow');
  return new Timestamp(nanos);
}

export function checkedDuration(nanos: bigint): Duration {
  if (nanos > longest || nanos < -longest - 1n) throw new CelError('duration overflow');
  return new Duration(nanos);
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Undefined for what is no time; may be out of the range. */
export function readTime(text: string): bigint | undefined {
  const [, year, month, day, hour, minute, seconds, fraction = '', zone = 'Z'] = rfc3339.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(seconds) > 59) return undefined;
  const offset = offsetOf(zone);
  if (offset === undefined) return undefined;
  date.setUTCHours(Number(hour), Number(minute) - offset, Number(seconds));
  return BigInt(date.getTime()) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** In minutes. */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

const floorDivide = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b));

export const secondsOf = ({ nanos }: Timestamp): bigint => floorDivide(nanos, second);

export function showTime({ nanos }: Timestamp): string {
  const seconds = floorDivide(nanos, second);
  const fraction = String(nanos - seconds * second)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

/** As Go reads durations; undefined for what is none, or too long. */
export function readDuration(text: string): bigint | undefined {
  const [, sign, rest = ''] = /^([+-]?)([\s\S]*)$/.exec(text) ?? [];
  if (rest === '0') return 0n;
  const step = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
  let total = 0n;
  let at = 0;
  while (at < rest.length) {
    step.lastIndex = at;
    const [found, whole = '', fraction = '', unit = ''] = step.exec(rest) ?? [];
    if (found === undefined || (whole === '' && fraction === '') || whole.length > 20) return undefined;
    const size = units[unit] ?? 0n;
    const digits = fraction.slice(0, 18);
    total += BigInt(whole || '0') * size + (BigInt(digits || '0') * size) / 10n ** BigInt(digits.length);
    at = step.lastIndex;
  }
  if (rest === '' || total > longest) return undefined;
  return sign === '-' ? -total : total;
}

/** In seconds: `5400s`, `0.25s`. */
export function showDuration({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % second)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / second}${fraction === '' ? '' : `.${fraction}`}s`;
}

export interface Moment {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly dayOfWeek: number;
  readonly dayOfYear: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

/** What clocks show at a time in a zone: `Europe/Berlin`, `-03:00`. */
export function momentOf(time: Timestamp, zone: string | undefined): Moment {
  const milliseconds = Number(floorDivide(time.nanos, 1_000_000n));
  const date = new Date(milliseconds + 60_000 * minutesAhead(milliseconds, zone));
  const year = date.getUTCFullYear();
  const start = new Date(0);
  start.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    dayOfWeek: date.getUTCDay(),
    dayOfYear: Math.floor((date.getTime() - start.getTime()) / 86_400_000),
    hours: date.getUTCHours(),
    minutes: date.getUTCMinutes(),
    seconds: date.getUTCSeconds(),
    milliseconds: date.getUTCMilliseconds(),
  };
}

function minutesAhead(milliseconds: number, zone: string | undefined): number {
  if (zone === undefined || zone === 'UTC' || zone === '') return 0;
  const [, sign, hours, minutes] = /^([+-]?)(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (hours !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, ahead, h = '0', m = '0'] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (ahead === '-' ? -1 : 1) * (Number(h) * 60 + Number(m));
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}
