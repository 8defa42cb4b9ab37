/**
 * Asks a server outside by SubjectAccessReviews. What it said is remembered for a while; who asks the same at the same
 * time waits for one answer. That there is none is what the failure policy says: nobody waits longer than the timeout.
 */

import type { SubjectRulesReviewStatus } from '../../../api/types/authorization/v1.ts';
import { computeBackoffMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import { networkErrorText } from '../../../base/network-error-text.ts';
import type { WebhookAnswer } from '../../webhooks/webhook-client.ts';
import type { Action, Authorizer, Verdict } from '../authorizer.ts';
import type { WebhookSetting } from '../configuration/authorizer-setting.ts';
import { accessReviewSpec, conditionVariables, verdictOfAnswer } from './access-review.ts';
import { KeptVerdicts } from './kept-verdicts.ts';
import type { WebhookMetrics, WebhookResult } from './webhook-metrics.ts';

export interface WebhookAuthorizerParts {
  readonly name: string;
  readonly setting: WebhookSetting;
  readonly client: { post(body: string, signal: AbortSignal): Promise<WebhookAnswer> };
  readonly clock: Clock;
  readonly metrics: WebhookMetrics;
  readonly logger: Logger;
  /** Aborts when the server stops, or when there is another configuration. */
  readonly stopping: AbortSignal;
}

const attempts = 5;
const betweenAttempts = { baseMs: 100, maxMs: 2_000 };
/** Each is a request that is kept in memory. */
const maxWaiting = 1_000;
const complainAgainMs = 10_000;

type Spec = ReturnType<typeof accessReviewSpec>;

export class WebhookAuthorizer implements Authorizer {
  readonly name: string;
  readonly #parts: WebhookAuthorizerParts;
  readonly #kept: KeptVerdicts;
  readonly #waiting = new Map<string, Promise<Verdict>>();
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: WebhookAuthorizerParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#kept = new KeptVerdicts(parts.clock);
  }

  authorize(action: Action): Verdict | Promise<Verdict> {
    const spec = accessReviewSpec(action);
    try {
      if (!this.#matches(spec)) return { decision: 'noOpinion' };
    } catch (error) {
      this.#parts.metrics.conditionFailed(this.name);
      return this.#failed('error', error);
    }
    const question = JSON.stringify(spec);
    return this.#kept.get(question) ?? this.#waiting.get(question) ?? this.#ask(question);
  }

  rulesFor(): SubjectRulesReviewStatus {
    const evaluationError = 'webhook authorizer does not support user rule resolution';
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError };
  }

  /** One that is false is enough, whatever others say. Throws when one cannot be evaluated, and none is false. */
  #matches(spec: Spec): boolean {
    const { matchConditions } = this.#parts.setting;
    if (matchConditions.length === 0) return true;
    const variables = conditionVariables(spec);
    let failure: Error | undefined;
    for (const { text, expression } of matchConditions) {
      try {
        const value = expression(variables);
        if (typeof value !== 'boolean') throw new Error('it is neither true nor false');
        if (value) continue;
        this.#parts.metrics.excluded(this.name);
        return false;
      } catch (cause) {
        failure = new Error(`the match condition ${JSON.stringify(text)} cannot be evaluated`, { cause });
      }
    }
    if (failure !== undefined) throw failure;
    return true;
  }

  #ask(question: string): Verdict | Promise<Verdict> {
    if (this.#waiting.size >= maxWaiting) return this.#failed('error', new Error('too many wait for an answer'));
    const asked = this.#answer(question).finally(() => this.#waiting.delete(question));
    this.#waiting.set(question, asked);
    return asked;
  }

  async #answer(question: string): Promise<Verdict> {
    const { setting, clock, metrics, stopping } = this.#parts;
    const { subjectAccessReviewVersion: version, timeoutMs } = setting;
    const text = `{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/${version}","metadata":{},"spec":${inVersion(question, version)}}`;
    const began = clock.monotonic();
    const limit = limitedTime(timeoutMs, stopping);
    const seconds = () => (clock.monotonic() - began) / 1000;
    try {
      const verdict = await this.#tryAgain(text, limit.signal);
      metrics.asked(this.name, 'success', seconds());
      const ttlMs = verdict.decision === 'allow' ? setting.authorizedTtlMs : setting.unauthorizedTtlMs;
      this.#kept.keep(question, verdict, ttlMs);
      return verdict;
    } catch (error) {
      const result = stopping.aborted ? 'canceled' : limit.signal.aborted ? 'timeout' : 'error';
      metrics.asked(this.name, result, seconds());
      return this.#failed(result, error);
    } finally {
      limit.end();
    }
  }

  /** Throws what the last try failed with. */
  async #tryAgain(body: string, signal: AbortSignal): Promise<Verdict> {
    for (let failures = 1; ; failures += 1) {
      try {
        const { code, text } = await this.#parts.client.post(body, signal);
        if (code >= 200 && code < 300) return verdictOfAnswer(text);
        throw new UnexpectedAnswer(code);
      } catch (error) {
        if (failures >= attempts || signal.aborted || !mayPass(error)) throw error;
        await this.#parts.clock.sleep(computeBackoffMs(failures, betweenAttempts), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** What went wrong is for the log: it names hosts and files. */
  #failed(result: WebhookResult, error: unknown): Verdict {
    const { setting, metrics, logger, clock } = this.#parts;
    const isOpen = setting.failurePolicy === 'NoOpinion';
    if (isOpen) metrics.failedOpen(this.name, result);
    if (result !== 'canceled' && clock.monotonic() - this.#complainedAt >= complainAgainMs) {
      this.#complainedAt = clock.monotonic();
      logger.warn('An authorization webhook did not decide', {
        webhook: this.name,
        failurePolicy: setting.failurePolicy,
        reason: result === 'timeout' ? 'no answer in time' : networkErrorText(error),
      });
    }
    const why = `the authorization webhook ${JSON.stringify(this.name)} could not be asked`;
    return isOpen ? { decision: 'noOpinion', evaluationError: why } : { decision: 'refuse', reason: why };
  }
}

/** Aborts after that time, or with `stopping`. `end` leaves nothing of it behind: there may be thousands in a second. */
function limitedTime(ms: number, stopping: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, ms);
  if (stopping.aborted) abort();
  else stopping.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      stopping.removeEventListener('abort', abort);
    },
  };
}

/** `groups` was `group` in v1beta1. */
function inVersion(question: string, version: WebhookSetting['subjectAccessReviewVersion']): string {
  if (version === 'v1') return question;
  // It was written from one.
  const { groups, ...spec } = JSON.parse(question) as Spec;
  return JSON.stringify({ ...spec, group: groups });
}

class UnexpectedAnswer extends Error {
  readonly isPassing: boolean;

  constructor(httpCode: number) {
    super(`the answer was ${httpCode}`);
    this.isPassing = httpCode === 429 || httpCode >= 500;
  }
}

/** Whether another try may get an answer. What was answered, and is no answer, stays so. */
function mayPass(error: unknown): boolean {
  if (error instanceof UnexpectedAnswer) return error.isPassing;
  return error instanceof Error && 'code' in error;
}
