/** What `/metrics` tells about requests, under upstream's names. */

import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../../base/metrics.ts';
import { verbOf } from '../authorization/authorization.ts';
import type { ApiRequest } from './api-request.ts';
import type { InFlightLimits } from './in-flight-limits.ts';

const durationBuckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60];

export class RequestMetrics {
  readonly #total: Counter;
  readonly #duration: Histogram;

  constructor(metrics: Metrics, limits: InFlightLimits) {
    const labels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'];
    this.#total = metrics.counter({
      name: 'apiserver_request_total',
      help: "Requests answered, by what they asked for and the answer's code.",
      labels: [...labels, 'code'],
    });
    this.#duration = metrics.histogram({
      name: 'apiserver_request_duration_seconds',
      help: "Time from a request's arrival to the end of its answer; watches are not counted.",
      labels,
      buckets: durationBuckets,
    });
    metrics.gauge(
      { name: 'apiserver_current_inflight_requests', help: 'Requests in work.', labels: ['request_kind'] },
      (gauge) => {
        const { heartbeat, read, write } = limits.inFlight;
        gauge.set({ request_kind: 'heartbeat' }, heartbeat);
        gauge.set({ request_kind: 'readOnly' }, read);
        gauge.set({ request_kind: 'mutating' }, write);
      },
    );
  }

  observe(request: ApiRequest): void {
    const { info } = request;
    const verb = verbOf(request, info).toUpperCase();
    const labels = info.isResource
      ? {
          verb,
          group: info.group,
          version: info.version,
          resource: info.plural,
          subresource: info.subresource ?? '',
          scope: info.name !== undefined ? 'resource' : info.namespace !== undefined ? 'namespace' : 'cluster',
        }
      : { verb, group: '', version: '', resource: '', subresource: info.path.split('/', 2)[1] ?? '', scope: '' };
    const code = request.outgoing.statusCode;
    // A path that nobody serves could be anything: it must not become a label.
    if (code === 404 && request.isUnknownPath)
      Object.assign(labels, { group: '', version: '', resource: '', subresource: 'unknown' });
    this.#total.inc({ ...labels, code });
    if (verb !== 'WATCH') this.#duration.observe(labels, (performance.now() - request.startedAt) / 1000);
  }
}
