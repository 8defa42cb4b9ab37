/** A configuration whose file may change while the server runs: it is read again now and then. */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';

export interface FollowedConfiguration {
  /** `authentication configuration` */
  readonly what: string;
  /** Uses what is there now, or throws: then what was used before stays. True: it is another one. */
  reread(): Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const lookAgainMs = 10_000;

/** Until `signal` aborts. A failure is logged once, until there is another or it is over. Never rejects. */
export async function followConfiguration(
  { what, reread, clock, logger }: FollowedConfiguration,
  signal: AbortSignal,
): Promise<void> {
  let complained = '';
  while (!signal.aborted) {
    await clock.sleep(lookAgainMs, signal);
    if (signal.aborted) return;
    try {
      if (await reread()) logger.info(`The ${what} is another one now`);
      complained = '';
    } catch (error) {
      if (String(error) !== complained) logger.error(`The ${what} cannot be used: the one before stays`, { error });
      complained = String(error);
    }
  }
}
