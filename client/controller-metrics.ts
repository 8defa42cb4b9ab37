/** What is measured of every control loop, in one set of metrics for all controllers of a component. */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../base/metrics.ts';

export type ReconcileResult = 'success' | 'requeue_after' | 'error' | 'terminal_error';

/** Asked at each scrape. */
export interface QueueGauges {
  depth(): number;
  active(): number;
}

export class ControllerMetrics {
  readonly #durations: Histogram;
  readonly #results: Counter;
  readonly #gauges = new Map<string, QueueGauges>();

  constructor(metrics: Metrics) {
    this.#durations = metrics.histogram({
      name: 'controller_reconcile_duration_seconds',
      help: 'Time that one reconciliation took',
      labels: ['controller'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    });
    this.#results = metrics.counter({
      name: 'controller_reconcile_total',
      help: 'Reconciliations by result: success, requeue_after, error or terminal_error',
      labels: ['controller', 'result'],
    });
    const labels = ['controller'];
    metrics.gauge({ name: 'workqueue_depth', help: 'Keys that wait for a worker', labels }, (gauge) => {
      for (const [controller, { depth }] of this.#gauges) gauge.set({ controller }, depth());
    });
    metrics.gauge({ name: 'controller_active_workers', help: 'Keys that are being reconciled', labels }, (gauge) => {
      for (const [controller, { active }] of this.#gauges) gauge.set({ controller }, active());
    });
  }

  register(controller: string, gauges: QueueGauges): void {
    this.#gauges.set(controller, gauges);
  }

  observe(controller: string, result: ReconcileResult, durationMs: number): void {
    this.#durations.observe({ controller }, durationMs / 1000);
    this.#results.inc({ controller, result });
  }
}
