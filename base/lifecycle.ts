/** What every started thing hands back: who starts it can stop it, and knows when it is really over. */

export interface Running {
  /** For logs, for instance `scheduler`. */
  readonly name: string;
  /** Ends it and resolves once nothing of it is left running. Idempotent; never rejects. */
  stop(): Promise<void>;
  /** Settles when it is over: resolves after `stop()`, rejects when it ended by itself. */
  readonly done: Promise<void>;
}

/** A loop that goes on until the signal aborts which it is given. */
export function startLoop(name: string, loop: (signal: AbortSignal) => Promise<void>): Running {
  const stopping = new AbortController();
  const done = loop(stopping.signal);
  return {
    name,
    done,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

/** Stops `running` in reverse order of their start, each only after the one that depends on it is over. */
export async function stopAll(running: readonly Running[]): Promise<void> {
  for (const one of [...running].reverse()) await one.stop();
}
