/** What is measured of every control loop, in one set of metrics for all controllers of a component. */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../base/metrics.ts';

export class ControllerMetrics {
  readonly #durations: Histogram;
  readonly #results: Counter;
  readonly #depths = new Map<string, () => number>();

  constructor(metrics: Metrics) {
    this.#durations = metrics.histogram({
      name: 'controller_reconcile_duration_seconds',
      help: 'Time that one reconciliation took',
      labels: ['controller'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    });
    this.#results = metrics.counter({
      name: 'controller_reconcile_total',
      help: 'Reconciliations by result: success or error',
      labels: ['controller', 'result'],
    });
    metrics.gauge({ name: 'workqueue_depth', help: 'Keys that wait for a worker', labels: ['controller'] }, (gauge) => {
      for (const [controller, depth] of this.#depths) gauge.set({ controller }, depth());
    });
  }

  /** `depth` is asked at each scrape. */
  register(controller: string, depth: () => number): void {
    this.#depths.set(controller, depth);
  }

  observe(controller: string, result: 'success' | 'error', durationMs: number): void {
    this.#durations.observe({ controller }, durationMs / 1000);
    this.#results.inc({ controller, result });
  }
}
