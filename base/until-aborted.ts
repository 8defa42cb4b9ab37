/** Waiting that ends with a signal, for work that cannot be told to end. */

/**
 * What `work` resolves with, unless `signal` aborts first: then it rejects with the signal's reason, and the work goes
 * on with nobody waiting for it.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  work.catch(() => undefined); // nobody may be waiting when it fails
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
