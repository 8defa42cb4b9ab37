/** How webhooks are called and what they say, by upstream's names. */

import type { Metrics } from '../../../base/metrics.ts';
import type { Operation } from '../../registry/admission.ts';

/** Upstream's words for the two kinds of webhooks. */
export type WebhookType = 'admit' | 'validating';

export interface ObservedCall {
  readonly name: string;
  readonly type: WebhookType;
  readonly operation: Operation;
}

/** `callFailed`: there was no answer; `serverFailed`: there was, and nothing could be done with it. */
export type CallOutcome =
  | { readonly type: 'allowed' }
  | { readonly type: 'refused'; readonly code: number }
  | { readonly type: 'callFailed'; readonly code: number; readonly isIgnored: boolean }
  | { readonly type: 'serverFailed' };

const errorTypes = {
  refused: 'no_error',
  callFailed: 'calling_webhook_error',
  serverFailed: 'apiserver_internal_error',
} as const;
const largestCode = 600;

export class WebhookMetrics {
  readonly #seconds;
  readonly #rejections;
  readonly #failedOpen;
  readonly #requests;

  constructor(metrics: Metrics) {
    const prefix = 'apiserver_admission_webhook';
    this.#seconds = metrics.histogram({
      name: `${prefix}_admission_duration_seconds`,
      help: 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
      labels: ['name', 'type', 'operation', 'rejected'],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
    });
    this.#rejections = metrics.counter({
      name: `${prefix}_rejection_count`,
      help: 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation.',
      labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    });
    this.#failedOpen = metrics.counter({
      name: `${prefix}_fail_open_count`,
      help: 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or admit).',
      labels: ['name', 'type'],
    });
    this.#requests = metrics.counter({
      name: `${prefix}_request_total`,
      help: 'Admission webhook request total, identified by name and broken out for each admission type (validating or admit) and operation.',
      labels: ['name', 'type', 'operation', 'code', 'rejected'],
    });
  }

  observe({ name, type, operation }: ObservedCall, outcome: CallOutcome, seconds: number): void {
    const isIgnored = outcome.type === 'callFailed' && outcome.isIgnored;
    const rejected = String(outcome.type !== 'allowed' && !isIgnored);
    const code = Math.min('code' in outcome ? outcome.code : outcome.type === 'allowed' ? 200 : 0, largestCode);
    this.#seconds.observe({ name, type, operation, rejected }, seconds);
    this.#requests.inc({ name, type, operation, code: String(code), rejected });
    if (isIgnored) this.#failedOpen.inc({ name, type });
    else if (outcome.type !== 'allowed') {
      const labels = { error_type: errorTypes[outcome.type], rejection_code: String(code) };
      this.#rejections.inc({ name, type, operation, ...labels });
    }
  }
}
