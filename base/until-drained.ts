import type { Writable } from 'node:stream';

/** Resolves when there is room again, or the reader is gone. Leaves no listener behind. */
export function untilDrained(stream: Writable, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      stream.off('drain', over).off('close', over);
      gone.removeEventListener('abort', over);
      resolve();
    };
    stream.on('drain', over).on('close', over);
    gone.addEventListener('abort', over);
    if (gone.aborted || stream.destroyed) over();
  });
}
