/** How long ago, as `kubectl get` shows it: the two largest units where the first is small, one otherwise. */

import { parseTime } from './time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

export function humanDuration(ms: number): string {
  if (ms < -2 * second) return '<invalid>';
  const elapsed = Math.max(0, ms);
  const count = (unit: number): number => Math.floor(elapsed / unit);
  const two = (unit: number, name: string, small: number, smallName: string): string => {
    const rest = Math.floor((elapsed % unit) / small);
    return rest === 0 ? `${count(unit)}${name}` : `${count(unit)}${name}${rest}${smallName}`;
  };
  if (elapsed < 2 * minute) return `${count(second)}s`;
  if (elapsed < 10 * minute) return two(minute, 'm', second, 's');
  if (elapsed < 3 * hour) return `${count(minute)}m`;
  if (elapsed < 8 * hour) return two(hour, 'h', minute, 'm');
  if (elapsed < 2 * day) return `${count(hour)}h`;
  if (elapsed < 8 * day) return two(day, 'd', hour, 'h');
  if (elapsed < 2 * year) return `${count(day)}d`;
  if (elapsed < 8 * year) return two(year, 'y', day, 'd');
  return `${count(year)}y`;
}

/** The time since `timestamp` (RFC 3339); `<unknown>` where there is none. */
export function ageOf(timestamp: string | undefined, now: number): string {
  const wallMs = parseTime(timestamp);
  return wallMs === undefined ? '<unknown>' : humanDuration(now - wallMs);
}
