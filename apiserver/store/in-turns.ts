/** Reads a stream of objects in turns: what arrives in one turn of the event loop comes together. */

import type { Readable } from 'node:stream';

/** A reader that is slower than the stream lets no more than so many wait. */
const mostWaiting = 1_000;

/** In their order, none left out. Throws the stream's error once everything before it was taken. For one reader. */
export async function* inTurns<T>(stream: Readable): AsyncGenerator<readonly T[], void, void> {
  let waiting: T[] = [];
  let failure: { readonly error: unknown } | undefined;
  let isOver = false;
  let wake = (): void => {};
  stream.on('data', (one: T) => {
    waiting.push(one);
    if (waiting.length >= mostWaiting) stream.pause();
    wake();
  });
  stream.on('error', (error) => {
    failure ??= { error };
    wake();
  });
  const end = (): void => {
    isOver = true;
    wake();
  };
  stream.on('end', end).on('close', end);
  for (;;) {
    if (waiting.length === 0 && failure === undefined && !isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    // At the end of this turn.
    await new Promise(setImmediate);
    const taken = waiting;
    waiting = [];
    if (stream.isPaused()) stream.resume();
    if (taken.length > 0) yield taken;
    else if (failure !== undefined) throw failure.error;
    else if (isOver) return;
  }
}
