/** Writes that are repeated until the API server acknowledges them, as whoever depends on them does. */

import { setTimeout as delay } from 'node:timers/promises';
import { isAlreadyExists, isNotFound, isRetryable } from '../../api/status-error.ts';

const giveUpMs = 90_000;

/**
 * `write` must come to the same however often it is done. Other refusals than "not now" are thrown, and that one when it
 * was the only answer for too long, or `signal` aborts.
 */
export async function untilAcknowledged(write: () => Promise<unknown>, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + giveUpMs;
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      if (!isRetryable(error) || performance.now() > end || signal?.aborted === true) throw error;
    }
    await delay(50);
  }
}

/** Created now or by an attempt whose answer was lost. */
export async function ignoreExisting(created: Promise<unknown>): Promise<void> {
  try {
    await created;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

export async function ignoreMissing(deleted: Promise<unknown>): Promise<void> {
  try {
    await deleted;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
