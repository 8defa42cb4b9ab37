/** Asks one webhook about one request, and says what its silence or refusal means to whoever sent that request. */

import { goQuote } from '../../../api/go-text.ts';
import { badRequest, StatusError } from '../../../api/status-error.ts';
import type { Clock } from '../../../base/clock.ts';
import { toldText } from '../../../base/cut-text.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/logger.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import type { WebhookCaller } from '../../webhooks/webhook-caller.ts';
import { WebhookFailure } from '../../webhooks/webhook-failure.ts';
import type { AdmissionAttributes } from '../matching/admission-attributes.ts';
import {
  InvalidReviewError,
  type ReviewAnswer,
  type ReviewedTexts,
  readReviewAnswer,
  reviewText,
  reviewVersionOf,
} from './admission-review.ts';
import type { ConfiguredWebhook, Webhook } from './configured-webhooks.ts';
import type { CallOutcome, WebhookMetrics, WebhookType } from './webhook-metrics.ts';
import { webhookRefusal } from './webhook-refusal.ts';

export interface WebhookCallsParts {
  readonly type: WebhookType;
  readonly caller: Pick<WebhookCaller, 'call'>;
  readonly metrics: WebhookMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** There was no answer, or none that says anything: the webhook's failure policy decides. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError';
  readonly code: number;

  constructor(webhook: string, reason: string, { code = 503, cause }: { code?: number; cause?: unknown } = {}) {
    super(toldText(`failed calling webhook ${goQuote(webhook)}: ${reason}`), { cause });
    this.code = code;
  }
}

interface Question {
  readonly attributes: AdmissionAttributes;
  readonly objects: ReviewedTexts;
}

const defaultTimeoutSeconds = 10;

export class WebhookCalls {
  readonly #parts: WebhookCallsParts;

  constructor(parts: WebhookCallsParts) {
    this.#parts = parts;
  }

  /**
   * What `use` makes of the answer of a webhook that has allowed the request; undefined when it gave none and that may be
   * ignored. Throws what the request is refused for.
   */
  async ask<T>(
    { webhook }: ConfiguredWebhook,
    request: AdmissionRequest,
    {
      attributes,
      objects,
      use,
      onIgnored,
    }: Question & {
      use(answer: ReviewAnswer): T | Promise<T>;
      onIgnored(): void;
    },
  ): Promise<T | undefined> {
    const { type, metrics, clock, logger } = this.#parts;
    const { name, failurePolicy } = webhook;
    const began = clock.monotonic();
    const observe = (outcome: CallOutcome) =>
      metrics.observe({ name, type, operation: request.operation }, outcome, (clock.monotonic() - began) / 1000);
    try {
      const answer = await this.#answerOf(webhook, request, { attributes, objects });
      const used = await use(answer);
      observe({ type: 'allowed' });
      return used;
    } catch (error) {
      if (!(error instanceof WebhookCallError)) {
        const isRefusal = error instanceof RefusedByWebhookError;
        observe(isRefusal ? { type: 'refused', code: error.status.code } : { type: 'serverFailed' });
        throw isRefusal ? error.status : error;
      }
      const isIgnored = failurePolicy === 'Ignore';
      observe({ type: 'callFailed', code: error.code, isIgnored });
      logger.warn(isIgnored ? 'Failed calling webhook, failing open' : 'Failed calling webhook, failing closed', {
        webhook: name,
        reason: error.message,
      });
      if (!isIgnored)
        throw new StatusError(500, 'InternalError', `Internal error occurred: ${error.message}`, {
          causes: [{ message: error.message }],
        });
      onIgnored();
      return undefined;
    }
  }

  async #answerOf(
    webhook: Webhook,
    request: AdmissionRequest,
    { attributes, objects }: Question,
  ): Promise<ReviewAnswer> {
    const { name, sideEffects, admissionReviewVersions, clientConfig, timeoutSeconds } = webhook;
    if (request.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun')
      throw badRequest(`admission webhook ${goQuote(name)} does not support dry run`);
    const version = reviewVersionOf(admissionReviewVersions);
    if (version === undefined) {
      const why = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
      throw new WebhookCallError(name, `could not create admission objects: ${why}`, { code: 400 });
    }
    const review = await this.#call(name, {
      clientConfig,
      body: reviewText(version, attributes, objects),
      timeoutMs: (timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
      signal: request.signal?.(),
    });
    const answer = readAnswer(name, review, {
      version,
      uid: attributes.uid,
      isMutating: this.#parts.type === 'admit',
    });
    for (const [key, value] of answer.auditAnnotations) request.annotate(`${name}/${key}`, value);
    for (const warning of answer.warnings) request.warn(warning);
    if (!answer.allowed) throw new RefusedByWebhookError(webhookRefusal(name, answer.result));
    return answer;
  }

  async #call(name: string, call: Parameters<WebhookCaller['call']>[0]): Promise<unknown> {
    try {
      return await this.#parts.caller.call(call);
    } catch (error) {
      if (!(error instanceof WebhookFailure)) throw error;
      const what = error.isUnusable ? 'could not get REST client' : 'failed to call webhook';
      throw new WebhookCallError(name, `${what}: ${error.message}`, { code: error.code, cause: error });
    }
  }
}

/** The webhook has said no, and that is for the client to read. */
class RefusedByWebhookError extends Error {
  readonly status: StatusError;

  constructor(status: StatusError) {
    super(status.message);
    this.status = status;
  }
}

function readAnswer(name: string, review: unknown, asked: Parameters<typeof readReviewAnswer>[1]): ReviewAnswer {
  try {
    return readReviewAnswer(review, asked);
  } catch (error) {
    if (!(error instanceof InvalidReviewError)) throw error;
    throw new WebhookCallError(name, `received invalid webhook response: ${errorText(error)}`, { cause: error });
  }
}
