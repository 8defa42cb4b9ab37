/** How long the pods of which priority get to end when the node shuts down, as upstream's kubelet is configured. Pure. */

import { parseDurationMs } from '../../base/duration.ts';
import { UserError } from '../../base/user-error.ts';
import { systemCriticalPriority } from '../model/critical-pod.ts';
import type { PodObject } from '../model/pod.ts';
import type { ShutdownFlag } from './shutdown-flags.ts';

export interface ShutdownPeriod {
  /** Of pods of this priority, and of those between it and the next. */
  readonly priority: number;
  readonly seconds: number;
}

export interface ShutdownGroup extends ShutdownPeriod {
  readonly pods: readonly PodObject[];
}

type FlagValue = string | readonly (string | number)[] | undefined;
export type ShutdownFlags = Readonly<Partial<Record<ShutdownFlag, FlagValue>>>;

/** By priority, the lowest first; none: a shutdown waits for nothing. Throws a `UserError` for what is not to be used. */
export function parseShutdownPeriods(flags: ShutdownFlags = {}): readonly ShutdownPeriod[] {
  const byPriority = [flags['shutdown-grace-period-by-pod-priority'] ?? []].flat().map(String);
  const total = secondsOf('shutdown-grace-period', flags['shutdown-grace-period']);
  const critical = secondsOf('shutdown-grace-period-critical-pods', flags['shutdown-grace-period-critical-pods']);
  if (byPriority.length > 0) {
    if (total > 0 || critical > 0)
      throw new UserError(
        '--shutdown-grace-period-by-pod-priority takes the place of --shutdown-grace-period and --shutdown-grace-period-critical-pods: give one or the others',
      );
    return parseByPriority(byPriority.flatMap((one) => one.split(',')).filter((one) => one !== ''));
  }
  if (critical > total)
    throw new UserError(
      `--shutdown-grace-period (${total}s) must not be shorter than --shutdown-grace-period-critical-pods (${critical}s)`,
    );
  if (total === 0) return [];
  return [
    { priority: 0, seconds: total - critical },
    { priority: systemCriticalPriority, seconds: critical },
  ];
}

function parseByPriority(entries: readonly string[]): ShutdownPeriod[] {
  const flag = 'shutdown-grace-period-by-pod-priority';
  const periods = entries.map((entry) => {
    const [priority = '', period, ...rest] = entry.split('=');
    if (!/^-?\d{1,10}$/.test(priority) || period === undefined || rest.length > 0)
      throw new UserError(`--${flag} must be like 0=60s,100000=10s, not ${entry}`);
    return { priority: Number(priority), seconds: secondsOf(flag, period) };
  });
  periods.sort((a, b) => a.priority - b.priority);
  const twice = periods.find(({ priority }, index) => periods[index - 1]?.priority === priority);
  if (twice !== undefined) throw new UserError(`--${flag} says twice how long pods of priority ${twice.priority} get`);
  return periods.some(({ seconds }) => seconds > 0) ? periods : [];
}

/** In whole seconds. */
function secondsOf(flag: string, value: FlagValue): number {
  const given = value === undefined ? '0s' : String(value);
  const ms = parseDurationMs(given);
  if (ms === undefined || ms < 0 || (ms > 0 && ms < 1_000))
    throw new UserError(`--${flag} must be 0s or a duration of at least 1s, like 30s, not ${given}`);
  return Math.floor(ms / 1_000);
}

/** The longest that all of it takes. */
export const totalSecondsOf = (periods: readonly ShutdownPeriod[]): number =>
  periods.reduce((sum, { seconds }) => sum + seconds, 0);

/**
 * Which pods end together, the lowest priority first; groups without pods are left out. A pod is in the group of the
 * highest priority that is not above its own, or in the lowest there is.
 */
export function groupByPriority(periods: readonly ShutdownPeriod[], pods: Iterable<PodObject>): ShutdownGroup[] {
  const all = [...pods];
  const periodOf = ({ spec }: PodObject) =>
    periods.findLast(({ priority }) => priority <= (spec?.priority ?? 0)) ?? periods[0];
  return periods
    .map((period) => ({ ...period, pods: all.filter((pod) => periodOf(pod) === period) }))
    .filter((group) => group.pods.length > 0);
}
