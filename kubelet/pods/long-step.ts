/** A step for a pod that takes long (a pull, a hook, a grace period): it is shown while it goes on, or left behind. */

import type { Clock } from '../../base/clock.ts';

export interface LongStep {
  readonly clock: Clock;
  /** Aborts when the pod's life is over; undefined: the step is not given up for that. */
  readonly life: AbortSignal | undefined;
  /** Of the pod; undefined: it has none, or is ending. */
  readonly deadlineLeftMs: () => number | undefined;
  readonly checkDeadline: () => void;
  /** Tells how the pod stands. */
  readonly show: () => void;
}

/** How soon a step that goes on is shown; then less and less often. */
const showEveryMs = 1_500;
/** How long the runtime may take for an answer once the pod's life is over. */
const leaveBehindMs = 5_000;
/** Why a sleep ends early. Without a reason, Node makes an error with a stack, each time. */
const early = 'early';

/**
 * Once the pod's life is over, waits end by themselves; a call that the runtime does not answer is left behind then, and
 * this throws why the life is over. Whatever comes of it is announced by who made it.
 */
export async function followLongStep(
  work: Promise<void>,
  { clock, life, deadlineLeftMs, checkDeadline, show }: LongStep,
): Promise<void> {
  const over = new AbortController();
  const patience = new AbortController();
  const giveUp = () => patience.abort(early);
  const ended = work.finally(() => {
    over.abort(early);
    patience.abort(early);
    life?.removeEventListener('abort', giveUp);
  });
  ended.catch(() => undefined); // awaited below
  life?.addEventListener('abort', giveUp, { once: true });
  for (let shown = 0; !over.signal.aborted; shown += 1) {
    await clock.sleep(untilShownMs(shown, deadlineLeftMs()), patience.signal);
    checkDeadline();
    if (life?.aborted) {
      await clock.sleep(leaveBehindMs, over.signal);
      if (!over.signal.aborted) throw life.reason;
    }
    if (!over.signal.aborted) show();
  }
  await ended;
}

function untilShownMs(shown: number, deadlineLeftMs: number | undefined): number {
  const nextMs = showEveryMs * 2 ** Math.min(shown, 4);
  return Math.min(nextMs, Math.max(0, deadlineLeftMs ?? nextMs));
}
