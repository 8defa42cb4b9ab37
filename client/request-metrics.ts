/** What a component asks the API server, for its `/metrics`, under upstream's name and labels. */

import type { Metrics } from '../base/metrics.ts';

/** One request that was sent, also one that was sent again. */
export interface RequestOutcome {
  readonly method: string;
  /** Undefined: nobody answered. */
  readonly code: number | undefined;
  /** Address and port of who answered; empty: nobody. */
  readonly host: string;
}

/** To be told of every request of a component's clients. */
export function countRequests(metrics: Metrics): (outcome: RequestOutcome) => void {
  const requests = metrics.counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labels: ['code', 'method', 'host'],
  });
  return ({ method, code, host }) =>
    requests.inc({ code: code === undefined ? '<error>' : String(code), method, host });
}
