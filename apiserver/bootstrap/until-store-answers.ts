/**
 * A start waits for the store: etcd may be coming up as well, reading years of data, or on a slow disk. What never
 * answers is given up in the end, with its own words, so that whoever runs the process hears of it.
 */

import { isRetryable } from '../../api/status-error.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Patience } from '../../base/patience.ts';
import { StoreUnavailableError } from '../store/store.ts';

export interface UntilStoreAnswersOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default three minutes, which on a busy machine are longer. */
  readonly limitMs?: number;
}

const backoff = { baseMs: 100, maxMs: 2_000 };

/** `call` may run several times: what it does twice must be as good as once. */
export async function untilStoreAnswers<T>(
  call: () => Promise<T>,
  { clock, logger, limitMs = 180_000 }: UntilStoreAnswersOptions,
): Promise<T> {
  const patience = new Patience({ clock, limitMs });
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) && !isRetryable(error)) throw error;
      if (patience.isOver('unavailable')) throw error;
      logger.warn('The store does not answer yet; waiting for it', { error });
      await clock.sleep(computeBackoffMs(failures, backoff));
    }
  }
}
