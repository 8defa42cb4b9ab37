/**
 * Cron schedules as Kubernetes reads them: five fields or a descriptor (`@hourly`, `@every 1h30m`). Here they are only
 * checked; when they fire is the CronJob controller's.
 */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const duration = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$/;

/** What is wrong with the schedule, in the words of upstream's parser; undefined when it can be read. */
export function checkCronSchedule(text: string): string | undefined {
  const schedule = text.replace(/^(TZ|CRON_TZ)=\S+\s+/, '');
  if (schedule.startsWith('@')) return checkDescriptor(schedule);
  const parts = schedule.split(/\s+/).filter(Boolean);
  if (parts.length !== fields.length)
    return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  for (const [i, bounds] of fields.entries()) {
    const problem = checkField(parts[i] ?? '', bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkDescriptor(text: string): string | undefined {
  if (descriptors.includes(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const every = text.slice('@every '.length);
  return duration.test(every) || every === '0'
    ? undefined
    : `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(every)}`;
}

function checkField(field: string, bounds: Bounds): string | undefined {
  for (const range of field.split(',').filter(Boolean)) {
    const problem = checkRange(range, bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkRange(range: string, bounds: Bounds): string | undefined {
  const [span = '', step, ...more] = range.split('/');
  const [low = '', high, ...others] = span.split('-');
  let start = bounds.min;
  let end = bounds.max;
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
  }
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${range}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${range}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  return undefined;
}

function readValue(text: string, { names = [], min }: Bounds): number | string {
  const name = names.indexOf(text.toLowerCase());
  if (name >= 0) return name + min;
  if (!/^[+-]?\d+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
