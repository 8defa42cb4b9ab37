/** What is measured of the scheduler, under upstream's names. */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../base/metrics.ts';
import type { SchedulingQueue } from './queue.ts';

export class SchedulerMetrics {
  readonly #attempts: Counter;
  readonly #durations: Histogram;

  constructor(metrics: Metrics, queue: SchedulingQueue) {
    this.#attempts = metrics.counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Decisions by result: scheduled, unschedulable or error',
      labels: ['result'],
    });
    this.#durations = metrics.histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'Time that one decision took',
      buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1],
    });
    metrics.gauge(
      { name: 'scheduler_pending_pods', help: 'Pods without a node, by state', labels: ['queue'] },
      (gauge) => {
        gauge.set({ queue: 'active' }, queue.count('active'));
        gauge.set({ queue: 'backoff' }, queue.count('backing off'));
        gauge.set({ queue: 'unschedulable' }, queue.count('unschedulable'));
      },
    );
  }

  observe(result: 'scheduled' | 'unschedulable' | 'error', durationMs: number): void {
    this.#attempts.inc({ result });
    this.#durations.observe(durationMs / 1000);
  }
}
