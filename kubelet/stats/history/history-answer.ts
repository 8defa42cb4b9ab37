/** `/stats/history`: what the node and its pods have used, as JSON. Pure. */

import { formatTime, parseTime } from '../../../api/time.ts';
import { parseDurationMs } from '../../../base/duration.ts';
import { fineSize, historyMs, type Subject, type UsageHistory } from './usage-history.ts';

export interface HistoryAnswerInput {
  readonly history: Pick<UsageHistory, 'read'>;
  readonly nodeName: string;
  readonly query: URLSearchParams;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/** What each number of a row is. */
const columns = [
  { name: 'time', unit: 'seconds since 1970' },
  { name: 'cpu', unit: 'cores' },
  { name: 'memory', unit: 'bytes' },
  { name: 'received', unit: 'bytes per second' },
  { name: 'sent', unit: 'bytes per second' },
  { name: 'restarts', unit: 'count' },
] as const;

/** What is wrong with the question; the message is for whoever asked. */
export class HistoryQuestionError extends Error {}

/** Throws a HistoryQuestionError. */
export function historyAnswer({ history, nodeName, query, now }: HistoryAnswerInput): object {
  const since = Math.max(now - historyMs, sinceOf(query.get('since'), now));
  const [pod, namespace] = [query.get('pod') ?? '', query.get('namespace') ?? ''];
  const isWanted = (subject: Subject) =>
    pod === '' && namespace === ''
      ? true
      : subject !== undefined &&
        (pod === '' || subject.name === pod) &&
        (namespace === '' || subject.namespace === namespace);
  const found = history.read(since, isWanted);
  const rowsOf = (of: (subject: Subject) => boolean) => found.filter(({ subject }) => of(subject));
  const tell = ({ rows }: (typeof found)[number]) =>
    rows.map((row) => [
      row.at / 1000,
      round(row.cpuCores, 5),
      Math.round(row.memoryBytes),
      Math.round(row.receivedBytesPerSecond),
      Math.round(row.sentBytesPerSecond),
      row.restarts,
    ]);
  const [node] = rowsOf((subject) => subject === undefined).map(tell);
  return {
    nodeName,
    since: formatTime(since),
    until: formatTime(now),
    stepSeconds: fineSize.stepMs / 1000,
    columns,
    ...(node && { node }),
    pods: rowsOf((subject) => subject !== undefined).map((one) => ({ podRef: one.subject, rows: tell(one) })),
  };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** A time, or how long ago. */
function sinceOf(text: string | null, now: number): number {
  if (text === null || text === '') return 0;
  const agoMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : parseDurationMs(text);
  if (agoMs !== undefined && agoMs >= 0) return now - agoMs;
  const time = parseTime(text);
  if (time === undefined)
    throw new HistoryQuestionError(`since must be a time such as ${formatTime(now)}, or a duration such as 90m`);
  return time;
}
