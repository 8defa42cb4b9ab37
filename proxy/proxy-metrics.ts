/** What is measured of the proxy, under upstream's names. */

import type { Histogram } from 'prom-client';
import type { Metrics } from '../base/metrics.ts';

export class ProxyMetrics {
  readonly #sync: Histogram;
  readonly #programming: Histogram;

  constructor(metrics: Metrics) {
    this.#sync = metrics.histogram({
      name: 'kubeproxy_sync_proxy_rules_duration_seconds',
      help: 'Time that computing and applying the rules took',
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    });
    this.#programming = metrics.histogram({
      name: 'kubeproxy_network_programming_duration_seconds',
      help: 'Time from hearing of a change until it was in force on this node',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    });
  }

  /** `sinceChangeMs` is undefined for the first rules after a start. */
  observe(durationMs: number, sinceChangeMs: number | undefined): void {
    this.#sync.observe(durationMs / 1000);
    if (sinceChangeMs !== undefined) this.#programming.observe(sinceChangeMs / 1000);
  }
}
