/** Looks every half minute at what the node and its pods use, and keeps it: in memory, and on disk for the next start. */

import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { ObservedPod } from '../../model/pod.ts';
import type { InterfaceStats } from '../../runtime/container-stats.ts';
import type { UsageMeter } from '../usage-meter.ts';
import type { HistoryFiles } from './history-files.ts';
import { fineSize, type UsageHistory } from './usage-history.ts';
import { computeRows, type Look } from './usage-rates.ts';

export interface HistoryRecorderOptions {
  readonly history: UsageHistory;
  readonly files: Pick<HistoryFiles, 'load' | 'append'>;
  readonly meter: Pick<UsageMeter, 'measure'>;
  readonly observed: { uids(): Iterable<string>; get(podUid: string): ObservedPod };
  readonly interfaces: () => Promise<readonly InterfaceStats[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Over more than that, a mean says nothing of now: the machine slept. */
const longestMs = 5 * fineSize.stepMs;

/** Until `signal` aborts. Never rejects. */
export async function recordHistory(options: HistoryRecorderOptions, signal: AbortSignal): Promise<void> {
  const { history, files, clock, logger } = options;
  const note = createNote(logger);
  try {
    await files.load(history, clock.now());
  } catch (error) {
    note('What was used before the start is not known', error);
  }
  let before: Look | undefined;
  while (!signal.aborted) {
    try {
      const now = await look(options);
      const passedMs = before === undefined ? 0 : now.measurement.at - before.measurement.at;
      if (before !== undefined && passedMs > 0 && passedMs <= longestMs) {
        const rows = computeRows(before, now);
        history.add(now.measurement.at, rows);
        await files.append(now.measurement.at, rows, history);
      }
      before = now;
      note('');
    } catch (error) {
      note('What pods use could not be kept', error);
    }
    await clock.sleep(fineSize.stepMs - (clock.now() % fineSize.stepMs), signal);
  }
}

async function look({ meter, observed, interfaces }: HistoryRecorderOptions): Promise<Look> {
  const [measurement, own] = await Promise.all([meter.measure(), interfaces()]);
  return {
    measurement,
    interfaces: own,
    restarts: new Map([...observed.uids()].map((uid) => [uid, restartsOf(observed.get(uid))])),
  };
}

/** Attempts count from 0: the last one's number is how often it was started again. */
function restartsOf({ containers }: ObservedPod): number {
  const last = new Map<string, number>();
  for (const { name, attempt } of containers) last.set(name, Math.max(last.get(name) ?? 0, attempt));
  return [...last.values()].reduce((sum, attempt) => sum + attempt, 0);
}

/** A disk that is full is told once, until it is not any more. */
function createNote(logger: Logger): (message: string, error?: unknown) => void {
  let last = '';
  return (message, error) => {
    if (message !== '' && message !== last) logger.warn(message, { error });
    last = message;
  };
}
