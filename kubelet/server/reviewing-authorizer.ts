/**
 * Lets callers do what the API server says that they may. What it said is kept for a moment; while it cannot be asked,
 * what it allowed not long ago is still allowed, and itself always: whose certificate says that he is the API server has
 * it from the cluster's authority.
 */

import type { Clock } from '../../base/clock.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Authorizer, Caller, NodeAction } from './authorizer.ts';
import type { Reviews } from './reviews.ts';

/** The name in the certificate that the API server shows kubelets. */
export const apiServerName = 'kube-apiserver-kubelet-client';

/** What a role no longer says ends as soon as what a token says: shorter than upstream's 5 min and 30 s. */
const keepMs = { allowed: 10_000, refused: 5_000 };
/** Upstream's time for what is allowed. */
const withoutApiServerMs = 300_000;
const mostKept = 1000;

export class ReviewingAuthorizer implements Authorizer {
  readonly #reviews: Pick<Reviews, 'mayDo'>;
  readonly #kept: AnswerCache<boolean>;

  constructor(reviews: Pick<Reviews, 'mayDo'>, clock: Clock) {
    this.#reviews = reviews;
    this.#kept = new AnswerCache(clock, mostKept);
  }

  async authorize({ caller, verb, subresources }: NodeAction): Promise<boolean> {
    for (const subresource of subresources) if (await this.#may(caller, verb, subresource)) return true;
    return false;
  }

  async #may(caller: Caller, verb: string, subresource: string): Promise<boolean> {
    const key = JSON.stringify([caller.name, caller.groups, caller.uid, caller.extra, verb, subresource]);
    try {
      return await this.#kept.get(key, async () => {
        const answer = await this.#reviews.mayDo(caller, verb, subresource);
        return { answer, forMs: answer ? keepMs.allowed : keepMs.refused };
      });
    } catch (error) {
      if (caller.name === apiServerName || this.#kept.last(key, withoutApiServerMs) === true) return true;
      throw error;
    }
  }
}
