/** `/stats/history`: what the node and its pods have used, as JSON. Pure. */

import { sinceOf } from '../../../api/history-since.ts';
import { formatTime } from '../../../api/time.ts';
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
