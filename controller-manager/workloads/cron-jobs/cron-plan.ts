/** Which run of a CronJob is due, and when to look again. Pure. */

import { parseTime } from '../../../api/time.ts';
import type { CronJob } from '../../../api/types/batch/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { CronTimes } from './cron-times.ts';

export interface Missed {
  /** Since when runs are looked for. */
  readonly since: number;
  /** The latest run that is due; earlier ones are left out. */
  readonly latest?: number;
  /** About how many were due. */
  readonly count: number;
}

/** More than so many are told: a clock may be wrong. */
export const manyMissed = 100;
/** So that the time has come for sure, on clocks that differ a little. */
const afterScheduleMs = 100;

type CronView = DeepReadonly<CronJob>;

/** The schedule can be read, but never fires. */
export class NeverFiresError extends Error {
  override readonly name = 'NeverFiresError';

  constructor() {
    super('time difference between two schedules is less than 1 second');
  }
}

/** What has been due since the last run. Throws NeverFiresError. */
export function findMissed(cronJob: CronView, times: CronTimes, now: number, withDeadline = true): Missed {
  const since = startOfSearch(cronJob, now, withDeadline);
  const first = times.next(since);
  if (first === undefined) throw new NeverFiresError();
  if (first > now) return { since, count: 0 };
  const second = times.next(first);
  if (second === undefined || second > now) return { since, latest: first, count: 1 };
  const count = Math.floor((now - first) / Math.max(1000, second - first)) + 1;
  return { since, latest: latestOf(times, first, now), count };
}

function startOfSearch({ metadata, spec, status }: CronView, now: number, withDeadline: boolean): number {
  const last = parseTime(status?.lastScheduleTime) ?? parseTime(metadata?.creationTimestamp) ?? now;
  const seconds = spec.startingDeadlineSeconds;
  return withDeadline && typeof seconds === 'number' ? Math.max(last, now - seconds * 1000) : last;
}

/** The last run up to now, by halving: never run by run from the first, of which there may be millions. */
function latestOf(times: CronTimes, first: number, now: number): number {
  let [latest, after] = [first, now];
  // There is no run in (after, now].
  while (after - latest > 1000) {
    const middle = latest + Math.floor((after - latest) / 2);
    const next = times.next(middle);
    if (next !== undefined && next <= now) latest = next;
    else after = middle;
  }
  return latest;
}

/** Milliseconds until the next run; undefined: there is none. */
export function msUntilNext(cronJob: CronView, times: CronTimes, now: number): number | undefined {
  const { since, latest } = findMissed(cronJob, times, now, false);
  const next = times.next(latest ?? since);
  return next === undefined ? undefined : Math.max(0, next + afterScheduleMs - now);
}

/** Named after the minute, so that one run is started once. */
export const jobNameOf = ({ metadata }: CronView, at: number): string => `${metadata?.name}-${Math.floor(at / 60_000)}`;

/** The time in the form of RFC 1123 with a numeric zone, as upstream has it. */
export const missedMessage = (at: number): string =>
  `Missed scheduled time to start a job: ${new Date(at).toUTCString().replace(/GMT$/, '+0000')}`;

/** Those of ended jobs that are too many, the oldest first. */
export function chooseExpired<
  T extends DeepReadonly<{ metadata?: { name?: string }; status?: { startTime?: string } }>,
>(ended: readonly T[], limit: number | undefined): T[] {
  if (typeof limit !== 'number' || ended.length <= limit) return [];
  const startOf = ({ status }: T) => parseTime(status?.startTime) ?? Number.POSITIVE_INFINITY;
  const nameOf = ({ metadata }: T) => metadata?.name ?? '';
  const ordered = [...ended].sort((a, b) => {
    const [left, right] = [startOf(a), startOf(b)];
    if (left !== right) return left < right ? -1 : 1;
    return nameOf(a) < nameOf(b) ? -1 : 1;
  });
  return ordered.slice(0, ended.length - limit);
}
