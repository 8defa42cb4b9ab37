/**
 * Counters and histograms whose labels are bound once, for what is counted on every request: prom-client's own look
 * the labels up and check them each time, which costs a GET a twentieth of its time. Both register as prom-client's do.
 */

export type Labels = Readonly<Record<string, string | number>>;

/** What prom-client's registry asks a metric for. */
interface Sample {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface BoundMetricOptions {
  readonly name: string;
  readonly help: string;
}

export class BoundCounter {
  readonly name: string;
  readonly help: string;
  readonly type = 'counter';
  readonly aggregator = 'sum';
  readonly #series: CounterSeries[] = [];

  constructor({ name, help }: BoundMetricOptions) {
    this.name = name;
    this.help = help;
  }

  /** To be called once for each set of labels. */
  bind(labels: Labels): CounterSeries {
    const series = new CounterSeries(labels);
    this.#series.push(series);
    return series;
  }

  /** Of what is there no more. */
  release(series: CounterSeries): void {
    const at = this.#series.indexOf(series);
    if (at >= 0) this.#series.splice(at, 1);
  }

  async get() {
    const { name, help, type, aggregator } = this;
    const values = this.#series.map(({ labels, value }): Sample => ({ metricName: name, labels, value }));
    return { name, help, type, aggregator, values };
  }
}

export class CounterSeries {
  readonly labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  inc(by = 1): void {
    this.value += by;
  }
}

export class BoundHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bounds: readonly number[];
  readonly #series: HistogramSeries[] = [];

  /** `buckets` are upper bounds, ascending, in the unit that the name says. */
  constructor({ name, help, buckets }: BoundMetricOptions & { readonly buckets: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.#bounds = buckets;
  }

  /** To be called once for each set of labels. */
  bind(labels: Labels): HistogramSeries {
    const series = new HistogramSeries(labels, this.#bounds);
    this.#series.push(series);
    return series;
  }

  /** Of what is there no more. */
  release(series: HistogramSeries): void {
    const at = this.#series.indexOf(series);
    if (at >= 0) this.#series.splice(at, 1);
  }

  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#series.flatMap((series) => series.samples(name)) };
  }
}

export class HistogramSeries {
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last one has what is beyond all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    this.#sum += value;
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** As Prometheus wants them: each bucket with all that are smaller. */
  samples(name: string): Sample[] {
    let count = 0;
    const buckets = this.#counts.map((own, index): Sample => {
      count += own;
      return {
        metricName: `${name}_bucket`,
        labels: { ...this.#labels, le: this.#bounds[index] ?? '+Inf' },
        value: count,
      };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.#labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.#labels, value: count },
    ];
  }
}
