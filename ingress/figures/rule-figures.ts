/**
 * What is counted of each rule: requests by class of status, bytes, latency. As many rules have figures of their own as
 * there are, up to a limit; the others share one. Figures of a rule that is gone go with it.
 */

import type { BoundCounter, BoundHistogram, CounterSeries, HistogramSeries } from '../../base/bound-metrics.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Route } from '../routing/route.ts';

const mostRules = 2_000;
const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

type RuleLabels = Readonly<Record<'namespace' | 'ingress' | 'host' | 'path', string>>;

export class RuleSeries {
  readonly labels: RuleLabels;
  readonly codes: readonly CounterSeries[];
  readonly received: CounterSeries;
  readonly sent: CounterSeries;
  readonly seconds: HistogramSeries;
  /** Of all requests together. */
  durationSeconds = 0;

  constructor(labels: RuleLabels, figures: Counters) {
    this.labels = labels;
    this.codes = classes.map((code) => figures.requests.bind({ ...labels, code }));
    this.received = figures.received.bind(labels);
    this.sent = figures.sent.bind(labels);
    this.seconds = figures.seconds.bind(labels);
  }

  get requests(): number {
    return this.codes.reduce((sum, { value }) => sum + value, 0);
  }

  get failures(): number {
    return this.codes[4]?.value ?? 0;
  }

  add(one: {
    readonly code: number;
    readonly received: number;
    readonly sent: number;
    readonly seconds: number;
  }): void {
    this.codes[Math.floor(one.code / 100) - 1]?.inc();
    this.received.inc(one.received);
    this.sent.inc(one.sent);
    this.seconds.observe(one.seconds);
    this.durationSeconds += one.seconds;
  }
}

interface Counters {
  readonly requests: BoundCounter;
  readonly received: BoundCounter;
  readonly sent: BoundCounter;
  readonly seconds: BoundHistogram;
}

const noRule = { namespace: '', ingress: '', host: '', path: '' };

export class RuleFigures {
  readonly #counters: Counters;
  readonly #rules = new Map<string, RuleSeries>();
  /** Of requests that no rule is for, and of rules beyond the limit. */
  readonly #others: RuleSeries;

  constructor(metrics: Metrics) {
    this.#counters = {
      requests: metrics.boundCounter({
        name: 'longshore_ingress_requests_total',
        help: 'Requests, by rule and class of status.',
      }),
      received: metrics.boundCounter({
        name: 'longshore_ingress_received_bytes_total',
        help: 'Bytes that clients have sent, by rule.',
      }),
      sent: metrics.boundCounter({
        name: 'longshore_ingress_sent_bytes_total',
        help: 'Bytes that clients were sent, by rule.',
      }),
      seconds: metrics.boundHistogram({
        name: 'longshore_ingress_request_duration_seconds',
        help: 'From the head of a request to the end of its answer, by rule.',
        buckets: secondsBuckets,
      }),
    };
    this.#others = new RuleSeries(noRule, this.#counters);
  }

  /** Of a rule; undefined: no rule was for it. */
  of(route: Route | undefined): RuleSeries {
    if (route === undefined) return this.#others;
    const found = this.#rules.get(route.id);
    if (found !== undefined) return found;
    if (this.#rules.size >= mostRules) return this.#others;
    const { namespace, ingress, host, path } = route;
    const made = new RuleSeries({ namespace, ingress, host, path }, this.#counters);
    this.#rules.set(route.id, made);
    return made;
  }

  all(): Iterable<RuleSeries> {
    return this.#rules.values();
  }

  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, series] of this.#rules) {
      if (ids.has(id)) continue;
      this.#rules.delete(id);
      for (const code of series.codes) this.#counters.requests.release(code);
      this.#counters.received.release(series.received);
      this.#counters.sent.release(series.sent);
      this.#counters.seconds.release(series.seconds);
    }
  }
}
