/** What is measured of the DNS, under CoreDNS' names. */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';
import { rcodes } from './message/wire.ts';
import type { Asked, Said } from './resolver.ts';

const names = new Map<number, string>(Object.entries(rcodes).map(([name, code]) => [code, name]));

export class DnsMetrics {
  readonly #responses: Counter;
  readonly #duration: Histogram;
  /** By protocol and code. */
  readonly #bound = new Map<string, { inc(): void }>();

  constructor(metrics: Metrics, cached: () => number) {
    this.#responses = metrics.counter({
      name: 'coredns_dns_responses_total',
      help: 'Answers of the DNS of this node, by code',
      labels: ['proto', 'rcode'],
    });
    this.#duration = metrics.histogram({
      name: 'coredns_dns_request_duration_seconds',
      help: 'Time that answering a question took',
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 5],
    });
    metrics.gauge({ name: 'coredns_cache_entries', help: 'Answers of other servers that are kept' }, (gauge) =>
      gauge.set(cached()),
    );
  }

  note({ protocol }: Asked, said: Said, durationMs: number): void {
    if (said === undefined) return;
    this.#duration.observe(durationMs / 1000);
    const code = said.readUInt16BE(2) & 0xf;
    const key = `${protocol} ${code}`;
    let bound = this.#bound.get(key);
    if (bound === undefined) {
      bound = this.#responses.labels(protocol, names.get(code) ?? String(code));
      this.#bound.set(key, bound);
    }
    bound.inc();
  }
}
