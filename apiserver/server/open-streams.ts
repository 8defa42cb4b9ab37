/**
 * Watches and other streams that are open, each with the right by which it was opened. When rights change, each is judged
 * again within a fraction of a second, and every few seconds its sender must still be who the credential said: a token may
 * be gone with its account. Who would not be let in now is let out; clients come again, and are told why.
 *
 * A question that cannot be answered now (the store or a webhook does not) closes nothing.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Authentication, isStillKnown } from '../authentication/authentication.ts';
import { isStillAuthorized } from '../authorization/authorization.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { mayStillImpersonate } from '../authorization/impersonation.ts';
import type { ApiRequest } from '../request/api-request.ts';

export interface OpenStreamsParts {
  readonly authentication: Authentication;
  readonly authorizers: readonly Authorizer[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What changes together is judged together. */
const gatherMs = 200;
/** Answers about tokens are kept five seconds: with these, a token is dead for streams too within ten. */
const credentialsEveryMs = 3_000;
const streamsPerTurn = 50;

export class OpenStreams {
  readonly #parts: OpenStreamsParts;
  readonly #open = new Set<ApiRequest>();
  #wake: (() => void) | undefined;
  #rightsChanged = false;

  constructor(parts: OpenStreamsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** What is returned is to be called at its end. */
  add(request: ApiRequest): () => void {
    this.#open.add(request);
    return () => void this.#open.delete(request);
  }

  /** Somebody may have lost a right. Costs nothing by itself: it is called for each change. */
  rightsChanged(): void {
    this.#rightsChanged = true;
    this.#wake?.();
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    let credentialsAt = clock.monotonic() + credentialsEveryMs;
    while (!signal.aborted) {
      await this.#untilDue(credentialsAt - clock.monotonic(), signal);
      if (this.#rightsChanged) {
        await clock.sleep(gatherMs, signal);
        this.#rightsChanged = false;
        await this.#closeUnless((request) => this.#isAllowed(request), signal);
      }
      if (clock.monotonic() < credentialsAt) continue;
      credentialsAt = clock.monotonic() + credentialsEveryMs;
      await this.#closeUnless((request) => isStillKnown(request, this.#parts.authentication), signal);
    }
  }

  async #untilDue(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rightsChanged || ms <= 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const stop = () => woken.abort();
    signal.addEventListener('abort', stop, { once: true });
    await this.#parts.clock.sleep(ms, woken.signal);
    signal.removeEventListener('abort', stop);
    this.#wake = undefined;
  }

  async #isAllowed(request: ApiRequest): Promise<boolean> {
    const { authorizers } = this.#parts;
    return (await mayStillImpersonate(request, authorizers)) && (await isStillAuthorized(request, authorizers));
  }

  async #closeUnless(isRight: (request: ApiRequest) => Promise<boolean>, signal: AbortSignal): Promise<void> {
    let untilRest = streamsPerTurn;
    for (const request of this.#open) {
      if (signal.aborted) return;
      if (!(await this.#isRight(request, isRight))) this.#close(request);
      untilRest -= 1;
      if (untilRest > 0) continue;
      untilRest = streamsPerTurn;
      await nextTurn();
    }
  }

  async #isRight(request: ApiRequest, isRight: (request: ApiRequest) => Promise<boolean>): Promise<boolean> {
    try {
      return await isRight(request);
    } catch {
      return true;
    }
  }

  #close(request: ApiRequest): void {
    if (!this.#open.delete(request)) return;
    const { info, user } = request;
    this.#parts.logger.info('A stream is closed: its sender may not have it any more', {
      user: user.name,
      verb: info.verb,
      path: info.path,
    });
    request.revoke();
  }
}
