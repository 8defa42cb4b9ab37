/** A component's metrics: one registry for each running component, so that several can live in one process. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { BoundCounter, BoundHistogram, type BoundMetricOptions } from './bound-metrics.ts';

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export class Metrics {
  readonly #registry = new Registry();

  /** `processWide`: also memory, CPU and event loop of the process; only one component of a process should ask for it. */
  constructor(options: { readonly processWide?: boolean } = {}) {
    if (options.processWide) collectDefaultMetrics({ register: this.#registry });
  }

  counter({ name, help, labels = [] }: MetricOptions): Counter {
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  /** `read`, when given, is called at each scrape and sets the value. */
  gauge({ name, help, labels = [] }: MetricOptions, read?: (gauge: Gauge) => void): Gauge {
    return new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      ...(read && {
        collect() {
          read(this);
        },
      }),
    });
  }

  /** `buckets` are upper bounds, in the unit that the name says. */
  histogram({ name, help, labels = [], buckets }: MetricOptions & { readonly buckets: number[] }): Histogram {
    return new Histogram({ name, help, labelNames: [...labels], buckets, registers: [this.#registry] });
  }

  boundCounter(options: BoundMetricOptions): BoundCounter {
    return this.#register(new BoundCounter(options));
  }

  boundHistogram(options: BoundMetricOptions & { readonly buckets: readonly number[] }): BoundHistogram {
    return this.#register(new BoundHistogram(options));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in the Prometheus text format. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  /** The registry asks a metric for no more than its name and its samples, whatever its types say. */
  #register<T extends BoundCounter | BoundHistogram>(metric: T): T {
    this.#registry.registerMetric(metric as unknown as Metric);
    return metric;
  }
}
