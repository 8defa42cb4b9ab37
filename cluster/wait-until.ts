/**
 * Waits for something while a cluster comes up, for as long as it moves: a slow machine is no reason to give up. A
 * server that is too busy to answer has not said no.
 */

import { isRetryable } from '../api/status-error.ts';
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import { Patience } from '../base/patience.ts';
import { UserError } from '../base/user-error.ts';

export interface WaitOptions {
  /** What is waited for, as the beginning of a sentence: `Node w1 is not Ready`. */
  readonly not: string;
  /** Why it is not so yet; undefined: it is. */
  whyNot(): Promise<string | undefined>;
  /** Hears every answer. */
  readonly note?: (why: string) => void;
  /** What the user can do when nothing moves any more. */
  readonly advice?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long the answer may stay the same. Default three minutes. */
  readonly limitMs?: number;
  readonly everyMs?: number;
}

/** Returns early when `signal` aborts. */
export async function waitUntil(options: WaitOptions): Promise<void> {
  const { clock, signal, note, limitMs = 180_000, everyMs = 25, advice = '' } = options;
  const patience = new Patience({ clock, limitMs });
  while (!signal.aborted) {
    const why = await answerOf(options.whyNot);
    if (why === undefined) return;
    note?.(why);
    if (patience.isOver(why))
      throw new UserError(`${options.not}, and nothing moves any more: ${why}. ${advice}`.trim());
    await clock.sleep(everyMs, signal);
  }
}

async function answerOf(whyNot: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await whyNot();
  } catch (error) {
    if (isRetryable(error)) return errorText(error);
    throw error;
  }
}
