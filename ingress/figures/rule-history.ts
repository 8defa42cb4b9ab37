/**
 * What each rule had to do in the last 24 hours: the last two in steps of 30 seconds, the rest in steps of five minutes.
 * In memory; some 11 kB for each rule, and of no more than `mostRules` of them.
 */

import { sinceOf } from '../../api/history-since.ts';
import { formatTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import { type HistoryColumn, HistoryRing, type HistoryRow } from '../../base/history-ring.ts';
import type { RuleFigures, RuleSeries } from './rule-figures.ts';

export const fineSize = { slots: 240, stepMs: 30_000 } as const;
const coarseSize = { slots: 288, stepMs: 300_000 } as const;
const historyMs = coarseSize.slots * coarseSize.stepMs;
const mostRules = 512;

const columns = [
  { name: 'time', unit: 'seconds since 1970' },
  { name: 'requests', unit: 'count' },
  { name: 'failures', unit: 'count of 5xx' },
  { name: 'received', unit: 'bytes' },
  { name: 'sent', unit: 'bytes' },
  { name: 'duration', unit: 'seconds, of all requests together' },
] as const;
const kinds: readonly HistoryColumn[] = ['sum', 'sum', 'sum', 'sum', 'sum'];

interface Kept {
  readonly series: RuleSeries;
  readonly fine: HistoryRing;
  readonly coarse: HistoryRing;
  before: readonly number[];
}

export class RuleHistory {
  readonly #figures: RuleFigures;
  readonly #clock: Clock;
  #kept = new Map<RuleSeries, Kept>();

  constructor(figures: RuleFigures, clock: Clock) {
    this.#figures = figures;
    this.#clock = clock;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(fineSize.stepMs - (this.#clock.now() % fineSize.stepMs), signal);
      if (!signal.aborted) this.look();
    }
  }

  look(): void {
    const at = this.#clock.now() - 1; // of the slot that ends now
    const kept = new Map<RuleSeries, Kept>();
    for (const series of this.#figures.all()) {
      if (kept.size >= mostRules) break;
      const one = this.#kept.get(series) ?? newKept(series);
      const now = amountsOf(series);
      const grown = now.map((value, index) => value - (one.before[index] ?? 0));
      one.fine.add(at, grown);
      one.coarse.add(at, grown);
      one.before = now;
      kept.set(series, one);
    }
    this.#kept = kept;
  }

  /** As JSON. Throws a HistoryQuestionError. */
  answer(query: URLSearchParams): object {
    const now = this.#clock.now();
    const since = Math.max(now - historyMs, sinceOf(query.get('since'), now));
    const namespace = query.get('namespace') ?? '';
    const ingress = query.get('ingress') ?? '';
    const rules = [...this.#kept.values()]
      .filter(({ series: { labels } }) => namespace === '' || labels.namespace === namespace)
      .filter(({ series: { labels } }) => ingress === '' || labels.ingress === ingress)
      .map(({ series, fine, coarse }) => ({ ...series.labels, rows: rowsOf(fine, coarse, since).map(told) }));
    return { since: formatTime(since), until: formatTime(now), columns, rules };
  }
}

const newKept = (series: RuleSeries): Kept => ({
  series,
  fine: new HistoryRing(fineSize, kinds),
  coarse: new HistoryRing(coarseSize, kinds),
  before: [],
});

const amountsOf = ({ requests, failures, received, sent, durationSeconds }: RuleSeries): readonly number[] => [
  requests,
  failures,
  received.value,
  sent.value,
  durationSeconds,
];

function rowsOf(fine: HistoryRing, coarse: HistoryRing, since: number): readonly HistoryRow[] {
  const newer = [...fine.rows(since)];
  const until = newer[0]?.at ?? Number.POSITIVE_INFINITY;
  return [...[...coarse.rows(since)].filter(({ at }) => at + coarseSize.stepMs <= until), ...newer];
}

const told = ({ at, values }: HistoryRow): readonly number[] => [
  at / 1000,
  ...values.map((value) => Number(value.toFixed(3))),
];
