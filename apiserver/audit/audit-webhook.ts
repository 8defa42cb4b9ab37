/** Events as EventLists, posted to the server that a file in the form of a kubeconfig names. */

import { WebhookClient } from '../webhooks/webhook-client.ts';
import type { WebhookTarget } from '../webhooks/webhook-target.ts';
import type { AuditSink } from './audit-queue.ts';

const timeoutMs = 10_000;
/** Nobody reads what it answers. */
const maxAnswerBytes = 1 << 20;

export class AuditWebhook implements AuditSink {
  readonly name = 'webhook';
  readonly #client: WebhookClient;

  constructor(target: WebhookTarget) {
    this.#client = new WebhookClient(target, { maxConnections: 1, maxAnswerBytes });
  }

  async write(events: readonly string[], signal: AbortSignal): Promise<void> {
    const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${events.join(',')}]}`;
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const { code } = await this.#client.post(list, until);
    if (code < 200 || code > 299) throw new Error(`the audit webhook answered ${code}`);
  }

  close(): void {
    this.#client.close();
  }
}
