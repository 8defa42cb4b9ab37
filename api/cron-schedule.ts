/**
 * Cron schedules as Kubernetes reads them: five fields or a descriptor (`@hourly`, `@every 1h30m`). Pure. When they fire
 * is the CronJob controller's.
 */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

/** The values of one field, in order; `isAny`: it was written as any of them (`*`), which matters for days. */
export interface CronField {
  readonly values: readonly number[];
  readonly isAny: boolean;
}

export type CronSchedule =
  | {
      readonly type: 'fields';
      /** Minute, hour, day of the month, month, day of the week. */
      readonly fields: readonly CronField[];
      /** What stood before the fields (`TZ=…`). */
      readonly timeZone?: string;
    }
  | { readonly type: 'every'; readonly ms: number };

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fieldBounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);
const duration = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/;
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The schedule; a text instead says what is wrong with it, in the words of upstream's parser. */
export function parseCronSchedule(text: string): CronSchedule | string {
  const [, timeZone, rest = text] = /^(?:TZ|CRON_TZ)=(\S+)\s+(.*)$/s.exec(text) ?? [];
  const zone = timeZone === undefined ? {} : { timeZone };
  if (rest.startsWith('@')) {
    const standard = descriptors.get(rest);
    return standard === undefined ? parseEvery(rest) : withFields(standard, zone);
  }
  return withFields(rest, zone);
}

/** What is wrong with the schedule; undefined when it can be read. */
export function checkCronSchedule(text: string): string | undefined {
  const schedule = parseCronSchedule(text);
  return typeof schedule === 'string' ? schedule : undefined;
}

function parseEvery(text: string): CronSchedule | string {
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const every = text.slice('@every '.length);
  const ms = every === '0' ? 0 : durationMs(every);
  if (ms === undefined) return `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(every)}`;
  // In whole seconds, and at least one.
  return { type: 'every', ms: Math.max(1000, Math.floor(ms / 1000) * 1000) };
}

function durationMs(text: string): number | undefined {
  const [, sign, parts] = duration.exec(text) ?? [];
  if (parts === undefined) return undefined;
  const amounts = [...parts.matchAll(/([\d.]+)([a-zµ]+)/g)].map(([, n, unit = '']) => Number(n) * (unitMs[unit] ?? 0));
  const ms = amounts.reduce((sum, amount) => sum + amount, 0);
  // More nanoseconds than 64 bits hold are no duration.
  if (ms * 1e6 >= 2 ** 63) return undefined;
  return sign === '-' ? -ms : ms;
}

function withFields(text: string, zone: { readonly timeZone?: string }): CronSchedule | string {
  const parts = text.split(/\s+/).filter(Boolean);
  if (parts.length !== fieldBounds.length)
    return `expected exactly ${fieldBounds.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  const fields: CronField[] = [];
  for (const [i, bounds] of fieldBounds.entries()) {
    const field = parseField(parts[i] ?? '', bounds);
    if (typeof field === 'string') return field;
    fields.push(field);
  }
  return { type: 'fields', fields, ...zone };
}

function parseField(field: string, bounds: Bounds): CronField | string {
  const values = new Set<number>();
  let isAny = false;
  for (const text of field.split(',').filter(Boolean)) {
    const range = parseRange(text, bounds);
    if (typeof range === 'string') return range;
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
    isAny ||= range.isAny;
  }
  return { values: [...values].sort((a, b) => a - b), isAny };
}

interface CronRange {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly isAny: boolean;
}

function parseRange(range: string, bounds: Bounds): CronRange | string {
  const [span = '', step, ...more] = range.split('/');
  const [low = '', high, ...others] = span.split('-');
  let start = bounds.min;
  let end = bounds.max;
  let every = 1;
  if (low !== '*' && low !== '?') {
    const first = readValue(low, bounds);
    if (typeof first === 'string') return first;
    start = first;
    end = step === undefined ? first : bounds.max;
    if (high !== undefined) {
      if (others.length > 0) return `too many hyphens: ${range}`;
      const last = readValue(high, bounds);
      if (typeof last === 'string') return last;
      end = last;
    }
  }
  if (step !== undefined) {
    if (more.length > 0) return `too many slashes: ${range}`;
    const width = readValue(step, { min: 0, max: 0 });
    if (typeof width === 'string') return width;
    if (width === 0) return `step of range should be a positive number: ${range}`;
    every = width;
  }
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${range}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${range}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  return { start, end, step: every, isAny: (low === '*' || low === '?') && every === 1 };
}

function readValue(text: string, { names = [], min }: Bounds): number | string {
  const name = names.indexOf(text.toLowerCase());
  if (name >= 0) return name + min;
  if (!/^[+-]?\d+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
