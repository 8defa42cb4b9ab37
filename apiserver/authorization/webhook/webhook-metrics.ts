/** What webhooks decide, how long it takes and how often it fails, by upstream's names. */

import type { Metrics } from '../../../base/metrics.ts';

export type WebhookResult = 'success' | 'error' | 'timeout' | 'canceled';

export class WebhookMetrics {
  readonly #evaluations;
  readonly #seconds;
  readonly #failedOpen;
  readonly #excluded;
  readonly #conditionErrors;

  constructor(metrics: Metrics) {
    const labels = ['name', 'result'];
    const prefix = 'apiserver_authorization';
    this.#evaluations = metrics.counter({
      ...{ name: `${prefix}_webhook_evaluations_total`, labels },
      help: 'Round-trips to authorization webhooks.',
    });
    this.#seconds = metrics.histogram({
      ...{ name: `${prefix}_webhook_duration_seconds`, labels },
      help: 'Request latency in seconds.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    });
    this.#failedOpen = metrics.counter({
      ...{ name: `${prefix}_webhook_evaluations_fail_open_total`, labels },
      help: 'NoOpinion results due to webhook timeout or error.',
    });
    this.#excluded = metrics.counter({
      ...{ name: `${prefix}_match_condition_exclusions_total`, labels: ['type', 'name'] },
      help: 'Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.',
    });
    this.#conditionErrors = metrics.counter({
      ...{ name: `${prefix}_match_condition_evaluation_errors_total`, labels: ['type', 'name'] },
      help: 'Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.',
    });
  }

  asked(name: string, result: WebhookResult, seconds: number): void {
    this.#evaluations.inc({ name, result });
    this.#seconds.observe({ name, result }, seconds);
  }

  failedOpen(name: string, result: WebhookResult): void {
    this.#failedOpen.inc({ name, result });
  }

  excluded(name: string): void {
    this.#excluded.inc({ type: 'Webhook', name });
  }

  conditionFailed(name: string): void {
    this.#conditionErrors.inc({ type: 'Webhook', name });
  }
}
