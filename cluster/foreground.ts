/** Starts parts one after the other and keeps them until the user wants to stop, or one of them ends by itself. */

import { once } from 'node:events';
import { type Running, stopAll } from '../base/lifecycle.ts';
import type { Terminal } from '../base/terminal.ts';

export interface ForegroundOptions {
  readonly terminal: Terminal;
  /** Adds what it starts to `running`, in the order of the start, so that a failure half-way stops it. */
  start(running: Running[]): Promise<void>;
}

const stopTimeoutMs = 9_000;

/** Resolves when everything was told to stop and has stopped; throws when it cannot start or a part of it ends. */
export async function runInForeground({ terminal, start }: ForegroundOptions): Promise<void> {
  const running: Running[] = [];
  try {
    const starting = start(running);
    starting.catch(() => {}); // told below, unless the user stops it first
    // Whatever it waits for, the user need not.
    await Promise.race([aborted(terminal.signal), starting]);
    await Promise.race([aborted(terminal.signal), ...running.map(({ done }) => done)]);
    terminal.out.write('\nStopping. Containers are left running.\n');
  } finally {
    await stopWithin(running, terminal);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** What does not end in time is left to end with this process. */
async function stopWithin(running: readonly Running[], terminal: Terminal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), stopTimeoutMs);
  });
  if ((await Promise.race([stopAll(running), late])) === 'late') {
    terminal.errors.write('Not everything stopped in time: see the log.\n');
  }
  clearTimeout(timer);
}
