/** From when on somebody wants to see a history. Pure. */

import { parseDurationMs } from '../base/duration.ts';
import { formatTime, parseTime } from './time.ts';

/** What is wrong with the question; the message is for whoever asked. */
export class HistoryQuestionError extends Error {}

/** A time, or how long ago; nothing is from the beginning. Throws a HistoryQuestionError. */
export function sinceOf(text: string | null, now: number): number {
  if (text === null || text === '') return 0;
  const agoMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : parseDurationMs(text);
  if (agoMs !== undefined && agoMs >= 0) return now - agoMs;
  const time = parseTime(text);
  if (time === undefined)
    throw new HistoryQuestionError(`since must be a time such as ${formatTime(now)}, or a duration such as 90m`);
  return time;
}
