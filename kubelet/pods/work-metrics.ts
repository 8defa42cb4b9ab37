/** How long the work on pods takes, for `/metrics`, under upstream's names and labels. */

import type { Histogram } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';

/** What a step for a pod serves. */
export type WorkType = 'sync' | 'terminating' | 'terminated';

const stepBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class WorkMetrics {
  readonly #steps: Histogram;
  readonly #relists: Histogram;
  readonly #relistIntervals: Histogram;

  constructor(metrics: Metrics) {
    this.#steps = metrics.histogram({
      name: 'kubelet_pod_worker_duration_seconds',
      help: 'Duration in seconds to sync a single pod. Broken down by operation type.',
      labels: ['operation_type'],
      buckets: stepBuckets,
    });
    this.#relists = metrics.histogram({
      name: 'kubelet_pleg_relist_duration_seconds',
      help: 'Duration in seconds for relisting pods in PLEG.',
      buckets: stepBuckets,
    });
    this.#relistIntervals = metrics.histogram({
      name: 'kubelet_pleg_relist_interval_seconds',
      help: 'Interval in seconds between relisting in PLEG.',
      buckets: [1, 2.5, 5, 10, 15, 20, 30, 60],
    });
  }

  step(type: WorkType, ms: number): void {
    this.#steps.observe({ operation_type: type }, ms / 1000);
  }

  /** `sinceLastMs` undefined: it was the first, or the one before failed. */
  relist(ms: number, sinceLastMs: number | undefined): void {
    this.#relists.observe(ms / 1000);
    if (sinceLastMs !== undefined) this.#relistIntervals.observe(sinceLastMs / 1000);
  }
}
